#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace camsweep {

// One line of a metadata file, split into its fields.
struct TextLine {
  const std::filesystem::path& file;
  int number = 0;  // from 1
  std::vector<std::string> fields;

  // Throw ConfigError naming file and line.
  int integer(size_t field) const;
  double real(size_t field) const;
  void require_fields(size_t count) const;
  [[noreturn]] void fail(const std::string& what) const;
};

// Calls `use` for every line that is not empty. Carriage returns at line ends are dropped. Throws ConfigError if the
// file cannot be read.
void for_each_line(const std::filesystem::path& file, char separator, const std::function<void(const TextLine&)>& use);

}  // namespace camsweep

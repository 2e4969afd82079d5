#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace camsweep {

// A file open for reading at any place, by any number of threads.
class InputFile {
 public:
  // Throws ConfigError naming a file that cannot be opened or is none.
  explicit InputFile(const std::filesystem::path& file);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& name() const { return name_; }
  uint64_t size() const { return size_; }  // when it was opened

  // Throws ConfigError if the file ends before or cannot be read.
  void read(uint64_t offset, void* target, uint64_t bytes) const;
  std::string read(uint64_t offset, uint64_t bytes) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string name_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

}  // namespace camsweep

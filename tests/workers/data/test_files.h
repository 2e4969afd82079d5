#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "schemas/files.h"

namespace camsweep {

// A folder under testing::TempDir() that goes with its test.
class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::path(testing::TempDir()) / ("camsweep_data_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    make_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Writes a file below the folder and returns its path.
  std::filesystem::path file(const std::string& name, std::string_view bytes) const {
    make_directories((path_ / name).parent_path());
    write_file(path_ / name, bytes);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// What `call` throws as an `E`: its message.
template <class E, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace camsweep

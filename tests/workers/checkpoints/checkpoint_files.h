#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "schemas/error.h"
#include "workers/checkpoints/checkpoint_file.h"

namespace camsweep {

// A file that make_checkpoint_files.py wrote.
inline std::filesystem::path stored_file(const std::string& name) {
  return std::filesystem::path(CAMSWEEP_SOURCE_DIR) / "tests/workers/checkpoints/files" / name;
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file of its own for each test, gone with it.
class WrittenFile {
 public:
  explicit WrittenFile(std::string_view bytes)
      : path_(std::filesystem::path(testing::TempDir()) / ("checkpoint-" + std::to_string(::getpid()) + ".pth")) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~WrittenFile() { std::filesystem::remove(path_); }
  WrittenFile(const WrittenFile&) = delete;
  WrittenFile& operator=(const WrittenFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Opens the file and reads every tensor; what is wrong with it, or "".
inline std::string read_all(const std::filesystem::path& file) {
  try {
    for (const TensorGroup& group : open_checkpoint(file).groups) {
      for (const NamedStoredTensor& entry : group.tensors) entry.tensor.read();
    }
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

inline std::string read_all_bytes(std::string_view bytes) { return read_all(WrittenFile(bytes).path()); }

}  // namespace camsweep

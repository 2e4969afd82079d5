#pragma once

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

// Peak memory of reading the file in a process of its own, beyond what the process had, bytes.
inline int64_t memory_of(const std::string& bytes) {
  const WrittenFile file(bytes);
  ::malloc_trim(0);  // memory that earlier tests freed would be taken again unseen
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    rusage before = {}, after = {};
    ::getrusage(RUSAGE_SELF, &before);
    read_all(file.path());
    ::getrusage(RUSAGE_SELF, &after);
    const int64_t grown = (after.ru_maxrss - before.ru_maxrss) * 1024;
    const bool written = ::write(ends[1], &grown, sizeof grown) == sizeof grown;
    ::_exit(written ? 0 : 1);
  }
  int64_t grown = -1;
  EXPECT_EQ(::read(ends[0], &grown, sizeof grown), static_cast<ssize_t>(sizeof grown));
  ::close(ends[0]);
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  return grown;
}

inline void expect_bounded_memory(const std::string& bytes) {
#ifdef __SANITIZE_ADDRESS__
  constexpr int64_t kRoom = 256'000'000;  // the sanitizer keeps freed memory and puts zones around the rest
#else
  constexpr int64_t kRoom = 64'000'000;
#endif
  EXPECT_LT(memory_of(bytes), static_cast<int64_t>(bytes.size()) + kRoom) << bytes.size();
}

}  // namespace camsweep

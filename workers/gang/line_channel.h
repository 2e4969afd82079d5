#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace camsweep {

// The two ends of a control channel: lines over file descriptors, which neither class owns or closes.

// Reads lines. One thread.
class LineReader {
 public:
  // Where `wake_fd` is given, next() also returns none once that descriptor is readable or closed by its writer.
  LineReader(int fd, size_t max_bytes, int wake_fd = -1) : fd_(fd), max_bytes_(max_bytes), wake_fd_(wake_fd) {}

  // The next line without its newline; waits for it. None at the end of file; a last line without a newline is dropped,
  // since its writer died in it. Throws Error (kEnvironment) on a read error or a line beyond `max_bytes`.
  std::optional<std::string> next();

 private:
  int fd_;
  size_t max_bytes_;
  int wake_fd_;
  std::string pending_;  // read, not yet returned
  size_t searched_ = 0;  // no newline in the first so many bytes of `pending_`
};

// Writes lines whole: of several threads that write, one line follows the other. Waits while the pipe is full.
class LineWriter {
 public:
  explicit LineWriter(int fd) : fd_(fd) {}

  // `line` without its newline. Throws Error (kEnvironment), e.g. when nobody reads any more.
  void write(std::string_view line);

 private:
  int fd_;
  std::mutex mutex_;
};

}  // namespace camsweep

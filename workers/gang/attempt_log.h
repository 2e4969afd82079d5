#pragma once

#include <filesystem>

namespace camsweep {

// While it lives, fd 1 and 2 of this process append to a file: what libraries print lands in the attempt's log.
class AttemptLog {
 public:
  // Throws Error (kDiskFull, kEnvironment).
  explicit AttemptLog(const std::filesystem::path& file);
  ~AttemptLog();
  AttemptLog(const AttemptLog&) = delete;
  AttemptLog& operator=(const AttemptLog&) = delete;

 private:
  int stdout_fd_;
  int stderr_fd_;
};

}  // namespace camsweep

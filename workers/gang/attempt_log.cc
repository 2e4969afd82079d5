#include "workers/gang/attempt_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "schemas/error.h"

namespace camsweep {
namespace {

int duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw environment_error("cannot duplicate a file descriptor", errno);
  return copy;
}

}  // namespace

AttemptLog::AttemptLog(const std::filesystem::path& file) {
  const int log = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) throw environment_error("cannot open " + file.string(), errno);
  std::fflush(stdout);
  stdout_fd_ = duplicate(STDOUT_FILENO);
  stderr_fd_ = duplicate(STDERR_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close(log);
}

AttemptLog::~AttemptLog() {
  std::fflush(stdout);
  ::dup2(stdout_fd_, STDOUT_FILENO);
  ::dup2(stderr_fd_, STDERR_FILENO);
  ::close(stdout_fd_);
  ::close(stderr_fd_);
}

}  // namespace camsweep

#include "workers/gang/inbox.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>
#include <variant>

#include "schemas/error.h"
#include "workers/gang/line_channel.h"

namespace camsweep {

Inbox::Inbox(int fd) : wake_fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (wake_fd_ < 0) throw environment_error("cannot make an eventfd", errno);
  thread_ = std::thread([this, fd] { read_until_end(fd); });
}

Inbox::~Inbox() {
  ::eventfd_write(wake_fd_, 1);
  thread_.join();
  ::close(wake_fd_);
}

std::optional<std::string> Inbox::next_assignment() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return ended_ || !assignments_.empty(); });
  if (assignments_.empty()) return std::nullopt;
  std::string line = std::move(assignments_.front());
  assignments_.pop_front();
  return line;
}

void Inbox::read_until_end(int fd) {
  try {
    LineReader reader(fd, kMaxMessageBytes, wake_fd_);
    while (const auto line = reader.next()) take(*line);
  } catch (const Error& error) {
    fmt::print(stderr, "rank 0 leaves: {}\n", error.what());
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "rank 0 leaves: the scheduler sent no message: {}\n", error.what());
  }
  const std::lock_guard lock(mutex_);
  stop_ = StopRequest::kNow;  // nobody waits for the running job's outcome
  ended_ = true;
  arrived_.notify_one();
}

void Inbox::take(const std::string& line) {
  const ToGang message = decode_to_gang(line);
  const std::lock_guard lock(mutex_);
  if (std::holds_alternative<Assignment>(message)) {
    stop_ = StopRequest::kNone;
    assignments_.push_back(line);
  } else if (const auto* stop = std::get_if<Stop>(&message)) {
    stop_ = stop->now ? StopRequest::kNow : StopRequest::kCheckpoint;
  } else if (std::holds_alternative<Exit>(message)) {
    ended_ = true;
  }
  arrived_.notify_one();
}

}  // namespace camsweep

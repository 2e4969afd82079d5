#include "workers/gang/line_channel.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "schemas/error.h"

namespace camsweep {

std::optional<std::string> LineReader::next() {
  for (;;) {
    const size_t newline = pending_.find('\n', searched_);
    if (newline != std::string::npos) {
      std::string line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      searched_ = 0;
      return line;
    }
    searched_ = pending_.size();
    if (pending_.size() > max_bytes_) {
      throw Error(ExitCode::kEnvironment, fmt::format("a message is longer than {} bytes", max_bytes_));
    }
    std::array<pollfd, 2> ends = {pollfd{fd_, POLLIN, 0}, pollfd{wake_fd_, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw environment_error("cannot wait for the control channel", errno);
    }
    if (ends[1].revents != 0) return std::nullopt;
    std::array<char, 65536> bytes;
    const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
    if (count == 0) return std::nullopt;
    if (count < 0 && errno != EINTR) throw environment_error("cannot read the control channel", errno);
    if (count > 0) pending_.append(bytes.data(), static_cast<size_t>(count));
  }
}

void LineWriter::write(std::string_view line) {
  const std::string text = std::string(line) + '\n';
  const std::lock_guard lock(mutex_);
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = ::write(fd_, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) throw environment_error("cannot write to the control channel", errno);
    if (count > 0) written += static_cast<size_t>(count);
  }
}

}  // namespace camsweep

#include "orchestrator/gang_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "schemas/error.h"

namespace camsweep {
namespace {

Descriptor open_log(const std::filesystem::path& file) {
  Descriptor log(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!log.open()) throw environment_error("cannot open " + file.string(), errno);
  return log;
}

}  // namespace

GangProcess::GangProcess(const Launch& launch)
    : launch_(launch), log_(open_log(launch.log)), child_(start_child(launch.command, log_.get())) {}

void GangProcess::send(std::string_view line) {
  unsent_.append(line).push_back('\n');
  write_unsent();
}

void GangProcess::write_unsent() {
  while (has_unsent()) {
    const ssize_t written = ::write(child_.input.get(), unsent_.data(), unsent_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) return child_.input.close();  // nobody reads: that it ended is heard elsewhere
    unsent_.erase(0, static_cast<size_t>(written));
  }
}

std::vector<FromGang> GangProcess::read() {
  std::vector<FromGang> messages;
  std::array<char, 65536> buffer;
  while (listens() && !broken_) {
    const ssize_t got = ::read(child_.output.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      child_.output.close();
      break;
    }
    received_.append(buffer.data(), static_cast<size_t>(got));
    size_t start = 0;
    for (size_t end = 0; (end = received_.find('\n', std::max(start, searched_))) != std::string::npos;
         start = end + 1) {
      take(std::string_view(received_).substr(start, end - start), messages);
    }
    received_.erase(0, start);
    searched_ = received_.size();
    if (received_.size() > kMaxMessageBytes) broken_ = "a gang sent a line of more than 1 MiB";
  }
  return messages;
}

void GangProcess::take(std::string_view line, std::vector<FromGang>& messages) {
  if (line.size() > kMaxMessageBytes) {
    broken_ = "a gang sent a line of more than 1 MiB";
    return;
  }
  try {
    if (!line.starts_with('{')) return log(line);
    messages.push_back(decode_from_gang(line));
    if (const auto* ready = std::get_if<Ready>(&messages.back())) {
      for (const RankProcess& rank : ready->ranks) {
        const bool local = rank.host == launch_.host;
        if (local) local_ranks_.push_back(rank);
        has_remote_ranks_ |= !local;
      }
    }
  } catch (const std::invalid_argument& error) {
    log(fmt::format("{}: {}", error.what(), line));
    // Waiting on after an outcome that was not understood would look like silence.
    if (Json::accept(line)) broken_ = fmt::format("a gang sent a message that is none: {}", error.what());
  }
}

void GangProcess::log(std::string_view text) {
  const std::string line = std::string(text) + '\n';
  // A log that cannot be written (a full disk) must not stop the run: results have their own check.
  [[maybe_unused]] const ssize_t written = ::write(log_.get(), line.data(), line.size());
}

std::optional<std::string> GangProcess::end() const {
  if (!status_) return std::nullopt;
  constexpr int kSignalled = 128;  // mpirun's exit code for a rank that a signal ended is 128 + signal
  if (WIFEXITED(*status_) && WEXITSTATUS(*status_) > kSignalled && WEXITSTATUS(*status_) < kSignalled + 65) {
    const int number = WEXITSTATUS(*status_) - kSignalled;
    return fmt::format("a rank ended by signal {} ({})", number, ::strsignal(number));
  }
  return fmt::format("mpirun ended with {}", describe_status(*status_));
}

void GangProcess::kill() {
  if (!status_) ::kill(child_.pid, SIGKILL);
  for (const RankProcess& rank : local_ranks_) {
    const pid_t pid = static_cast<pid_t>(rank.pid);
    if (process_start_time(pid) == rank.start_time) ::kill(pid, SIGKILL);
  }
  for (const pid_t pid : processes_with(launch_.marker)) ::kill(pid, SIGKILL);
}

bool GangProcess::gone(double now_s) {
  constexpr double kRemote_s = 5;  // ranks on other hosts are ended by their own daemons, which we cannot watch
  if (!status_) return false;
  if (!ended_s_) ended_s_ = now_s;
  if (has_remote_ranks_ && now_s - *ended_s_ < kRemote_s) return false;
  for (const RankProcess& rank : local_ranks_) {
    if (process_start_time(static_cast<pid_t>(rank.pid)) == rank.start_time) return false;
  }
  return processes_with(launch_.marker).empty();
}

}  // namespace camsweep

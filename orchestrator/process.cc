#include "orchestrator/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "schemas/error.h"

namespace camsweep {
namespace {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  // Without O_CLOEXEC the next gang would inherit a write end, and end of file would never come.
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw environment_error("cannot make a pipe", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void make_nonblocking(const Descriptor& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

struct ChildSide {
  char* const* arguments;
  char* const* environment;
  int input_fd;
  int output_fd;
  int error_fd;
  int report_fd;  // gets errno if exec fails
  pid_t parent;
};

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const ChildSide& side) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != side.parent) ::_exit(1);  // it died before the death signal was set
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(side.input_fd, STDIN_FILENO);
  ::dup2(side.output_fd, STDOUT_FILENO);
  ::dup2(side.error_fd, STDERR_FILENO);
  ::execve(side.arguments[0], side.arguments, side.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(side.report_fd, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

ChildProcess start_child(const Command& command, int error_fd) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe report = make_pipe();
  const std::vector<char*> arguments = pointers(command.arguments);
  const std::vector<char*> environment = pointers(command.environment);
  const ChildSide side{arguments.data(),     environment.data(), input.read.get(),
                       output.write.get(),   error_fd,           report.write.get(),
                       /*parent=*/::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) throw environment_error("cannot start " + command.arguments[0], errno);
  if (pid == 0) become(side);
  report.write.close();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.read.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    ::waitpid(pid, nullptr, 0);
    throw environment_error("cannot start " + command.arguments[0], error);
  }
  make_nonblocking(input.write);
  make_nonblocking(output.read);
  return {pid, std::move(input.write), std::move(output.read)};
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return ::access(name.c_str(), X_OK) == 0 ? std::optional<std::filesystem::path>(name) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path candidate = std::filesystem::path(folder) / name;
    std::error_code error;
    if (::access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate, error)) {
      return candidate;
    }
  }
  return std::nullopt;
}

std::string describe_status(int status) {
  const auto name = [](int number) { return fmt::format("signal {} ({})", number, ::strsignal(number)); };
  return WIFSIGNALED(status) ? name(WTERMSIG(status)) : fmt::format("exit code {}", WEXITSTATUS(status));
}

std::optional<int64_t> process_start_time(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = stat.rfind(')');  // the name may hold blanks and parentheses
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string state;
  fields >> state;  // field 3
  if (state == "Z" || state == "X") return std::nullopt;
  std::string field;
  for (int number = 4; number <= 22; ++number) fields >> field;
  int64_t ticks = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), ticks);
  if (error != std::errc()) return std::nullopt;
  return ticks;
}

std::vector<pid_t> processes_with(const std::string& variable) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return found;
  const std::string wanted = '\0' + variable + '\0';
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) continue;
    std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    const std::string environment = '\0' + std::string((std::istreambuf_iterator<char>(file)), {});
    if (environment.find(wanted) != std::string::npos && process_start_time(pid)) found.push_back(pid);
  }
  return found;
}

}  // namespace camsweep

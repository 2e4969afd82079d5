#include "tests/integration/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>

extern char** environ;

namespace camsweep {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kMark = "CAMSWEEP_TEST_MARK=";

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> child_environment(const fs::path& folder, const std::map<std::string, std::string>& extra) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with(kMark) && !extra.contains(std::string(text.substr(0, text.find('='))))) {
      variables.emplace_back(text);
    }
  }
  variables.push_back(std::string(kMark) + folder.string());
  for (const auto& [name, value] : extra) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> raw;
  for (std::string& text : texts) raw.push_back(text.data());
  raw.push_back(nullptr);
  return raw;
}

void pause_briefly() { ::poll(nullptr, 0, 5); }

}  // namespace

Command::Command(std::vector<std::string> arguments, fs::path folder, std::map<std::string, std::string> environment) {
  static int count = 0;
  const std::string name = "command-" + std::to_string(++count);
  out_ = folder / (name + ".out");
  err_ = folder / (name + ".err");
  std::vector<std::string> variables = child_environment(folder, environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const int error = ::posix_spawn(&pid_, arguments[0].c_str(), &actions, nullptr, pointers(arguments).data(),
                                  pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) ADD_FAILURE() << "cannot start " << arguments[0];
}

Command::~Command() {
  if (running()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void Command::signal(int number) const { ::kill(pid_, number); }

bool Command::running() {
  if (!reaped_ && pid_ > 0) reaped_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !reaped_ && pid_ > 0;
}

CommandResult Command::wait(std::chrono::seconds limit) {
  if (!eventually([this] { return !running(); }, limit)) {
    ADD_FAILURE() << "the command did not end within " << limit.count() << " s; stderr:\n" << slurp(err_);
    signal(SIGKILL);
    eventually([this] { return !running(); });
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {code, slurp(out_), slurp(err_)};
}

std::string program(const std::string& name) { return std::string(CAMSWEEP_BIN_DIR) + "/" + name; }

CommandResult camsweep(const std::vector<std::string>& arguments, const fs::path& folder,
                       std::map<std::string, std::string> environment) {
  std::vector<std::string> all = {program("camsweep")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return Command(all, folder, std::move(environment)).wait(std::chrono::seconds(300));
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > end) return false;
    pause_briefly();
  }
  return true;
}

std::vector<MarkedProcess> marked_processes(const fs::path& folder) {
  const std::string mark = std::string(kMark) + folder.string();
  std::vector<MarkedProcess> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string variables = slurp(entry.path() / "environ");
    if (variables.find(mark + '\0') == std::string::npos) continue;
    const std::string stat = slurp(entry.path() / "stat");
    const size_t open = stat.find('(');
    const size_t close = stat.rfind(')');
    if (close == std::string::npos || stat[close + 2] == 'Z') continue;
    found.push_back({static_cast<pid_t>(std::stol(name)), stat.substr(open + 1, close - open - 1)});
  }
  return found;
}

Scratch::Scratch(const std::string& name)
    : path(fs::path(testing::TempDir()) / ("camsweep-" + name + "-" + std::to_string(::getpid()))) {
  fs::remove_all(path);
  fs::create_directories(path);
}

Scratch::~Scratch() { fs::remove_all(path); }

}  // namespace camsweep

// camsweep-rank: prepares a process and becomes the program that does the work. All of this must be true before
// LibTorch is loaded (it reads the CPU mask and OMP_NUM_THREADS then) or cannot be asked of posix_spawn.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "schemas/error.h"
#include "schemas/program.h"
#include "workers/rank_settings.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUsage =
    "Started by mpirun, once per rank of a gang; not meant for people.\n"
    "\n"
    "  camsweep-rank --cpus '0,1;2,3' --threads T --build COMMIT --lock FILE [--gpus '0;1'] [--size N]\n"
    "                [-- WORKER [ARGUMENTS..]]\n"
    "      becomes WORKER (default: the camsweep-worker beside it) as one rank. The lists have one entry per local\n"
    "      rank. The rank holds a shared lock on FILE for as long as it lives.\n"
    "  camsweep-rank --supervised -- PROGRAM [ARGUMENTS..]\n"
    "      becomes PROGRAM, which dies with its parent.\n"
    "\n"
    "Example: mpirun -n 2 camsweep-rank --cpus '0;1' --threads 1 --build 15d1e71 --lock runs/gangs.lock\n";

// If the parent died before the signal was asked for, it never comes: then this process is orphaned already.
void die_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(static_cast<int>(ExitCode::kEnvironment));
}

void bind_to_cpus(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int cpu : cpus) {
    if (cpu >= CPU_SETSIZE) throw ConfigError(fmt::format("--cpus: there is no CPU {}", cpu));
    CPU_SET(cpu, &mask);
  }
  if (::sched_setaffinity(0, sizeof mask, &mask) != 0) {
    throw environment_error(fmt::format("cannot run on the CPUs {}", fmt::join(cpus, ",")), errno);
  }
}

// The lock is the open file's, which the worker inherits: it ends with the rank, however the rank ends.
void hold_lock(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT, 0644);
  if (fd < 0) throw environment_error("cannot open " + file, errno);
  if (::flock(fd, LOCK_SH | LOCK_NB) != 0) throw environment_error("cannot lock " + file, errno);
}

// Whatever a library prints on stdout before the worker's first line would spoil the control channel.
void move_channel_aside() {
  if (::dup2(STDOUT_FILENO, kChannelFd) < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    throw environment_error("cannot move stdout aside", errno);
  }
}

[[noreturn]] void become(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  throw environment_error("cannot start " + words[0], errno);
}

[[noreturn]] void become_rank(const RankCommand& command) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) throw environment_error("cannot read /proc/self/exe", error.value());
  const fs::path worker = self.parent_path() / "camsweep-worker";
  const RankSettings settings =
      rank_settings(command, local_rank([](const char* name) { return std::getenv(name); }), worker);
  bind_to_cpus(settings.cpus);
  for (const auto& [name, value] : settings.environment) ::setenv(name.c_str(), value.c_str(), 1);
  // Short of memory, the kernel shall end a rank, which is replaced, and not the scheduler. May be forbidden.
  std::ofstream("/proc/self/oom_score_adj") << "500";
  if (!command.lock.empty()) hold_lock(command.lock);
  move_channel_aside();
  become(settings.program);
}

int run(const std::vector<std::string>& words, pid_t parent) {
  if (words.empty() || words[0] == "--help") {
    fmt::print("{}", kUsage);
    return static_cast<int>(words.empty() ? ExitCode::kBadInput : ExitCode::kDone);
  }
  const RankCommand command = parse_rank_command(words);
  die_with_parent(parent);
  if (!command.supervised) become_rank(command);
  if (command.program.empty()) throw ConfigError("--supervised: no program after --");
  become(command.program);
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  const pid_t parent = ::getppid();
  return camsweep::run_program("camsweep-rank", [&] { return camsweep::run({argv + 1, argv + argc}, parent); });
}

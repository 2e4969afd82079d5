// camsweep-rank: prepares a process and becomes the program that does the work. All of this must be true
// before LibTorch is loaded (it reads the CPU mask and OMP_NUM_THREADS then) or cannot be asked of
// posix_spawn.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr std::string_view kUsage =
    "Started by mpirun, once per rank of a gang; not meant for people.\n"
    "\n"
    "  camsweep-rank --cpus '0,1;2,3' --threads T --build COMMIT --lock FILE [--gpus '0;1'] [--size N]\n"
    "                [-- WORKER [ARGUMENTS..]]\n"
    "      becomes WORKER (default: the camsweep-worker beside it) as one rank. The lists have one entry per "
    "local\n"
    "      rank. The rank holds a shared lock on FILE for as long as it lives.\n"
    "  camsweep-rank --supervised -- PROGRAM [ARGUMENTS..]\n"
    "      becomes PROGRAM, which dies with its parent.\n"
    "\n"
    "Example: mpirun -n 2 camsweep-rank --cpus '0;1' --threads 1 --build 15d1e71 --lock runs/gangs.lock\n";

constexpr int kChannelFd = 10;  // where the worker finds the real stdout

struct Options {
  bool supervised = false;
  std::vector<std::string> cpus;  // per local rank, "0,1"
  std::vector<std::string> gpus;
  std::string threads = "1";
  std::string build;
  std::string lock;
  std::optional<std::string> size;
  std::vector<std::string> program;
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

int number(std::string_view text, std::string_view what) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    throw ConfigError(fmt::format("{}: found '{}', expected a whole number", what, text));
  }
  return value;
}

Options parse(const std::vector<std::string>& words) {
  Options options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--") {
      options.program.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (name == "--supervised") {
      options.supervised = true;
      continue;
    }
    if (i + 1 == words.size()) throw ConfigError(name + ": needs a value, see --help");
    const std::string& value = words[++i];
    if (name == "--cpus") {
      options.cpus = split(value, ';');
    } else if (name == "--gpus") {
      options.gpus = split(value, ';');
    } else if (name == "--threads") {
      options.threads = std::to_string(number(value, name));
    } else if (name == "--build") {
      options.build = value;
    } else if (name == "--lock") {
      options.lock = value;
    } else if (name == "--size") {
      options.size = std::to_string(number(value, name));
    } else {
      throw ConfigError(name + ": unknown, see --help");
    }
  }
  return options;
}

// If the parent died before the signal was asked for, it never comes: then this process is orphaned already.
void die_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(static_cast<int>(ExitCode::kEnvironment));
}

// Which rank of this host this is, as Open MPI, Slurm or a bare PMIx server say it.
size_t local_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "PMIX_RANK"}) {
    if (const char* text = std::getenv(name)) return static_cast<size_t>(number(text, name));
  }
  return 0;
}

const std::string& entry(const std::vector<std::string>& list, size_t rank, std::string_view what) {
  if (rank < list.size()) return list[rank];
  throw ConfigError(fmt::format("{} has {} entries, none for local rank {}", what, list.size(), rank));
}

void bind_to_cpus(const std::string& cpus) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const std::string& cpu : split(cpus, ',')) {
    const int index = number(cpu, "--cpus");
    if (index >= CPU_SETSIZE) throw ConfigError(fmt::format("--cpus: there is no CPU {}", index));
    CPU_SET(index, &mask);
  }
  if (::sched_setaffinity(0, sizeof mask, &mask) != 0) {
    throw environment_error("cannot run on the CPUs " + cpus, errno);
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

[[noreturn]] void become_rank(const Options& options) {
  const size_t rank = local_rank();
  if (!options.cpus.empty()) bind_to_cpus(entry(options.cpus, rank, "--cpus"));
  ::setenv("OMP_NUM_THREADS", options.threads.c_str(), 1);
  ::setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 1);
  if (!options.gpus.empty()) ::setenv("CUDA_VISIBLE_DEVICES", entry(options.gpus, rank, "--gpus").c_str(), 1);
  // Short of memory, the kernel shall end a rank, which is replaced, and not the scheduler. May be forbidden.
  std::ofstream("/proc/self/oom_score_adj") << "500";
  if (!options.lock.empty()) hold_lock(options.lock);

  std::vector<std::string> words = options.program;
  if (words.empty()) {
    words.push_back(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "camsweep-worker");
  }
  const std::vector<std::string> own = {"rank", "--channel", std::to_string(kChannelFd), "--threads", options.threads};
  words.insert(words.begin() + 1, own.begin(), own.end());
  if (!options.build.empty()) words.insert(words.end(), {"--build", options.build});
  if (options.size) words.insert(words.end(), {"--size", *options.size});
  move_channel_aside();
  become(words);
}

int run(const std::vector<std::string>& words, pid_t parent) {
  if (words.empty() || words[0] == "--help") {
    fmt::print("{}", kUsage);
    return static_cast<int>(words.empty() ? ExitCode::kBadInput : ExitCode::kDone);
  }
  const Options options = parse(words);
  die_with_parent(parent);
  if (!options.supervised) become_rank(options);
  if (options.program.empty()) throw ConfigError("--supervised: no program after --");
  become(options.program);
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  const pid_t parent = ::getppid();
  try {
    return camsweep::run({argv + 1, argv + argc}, parent);
  } catch (const camsweep::Error& error) {
    fmt::print(stderr, "camsweep-rank: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "camsweep-rank: {}\n", error.what());
    return static_cast<int>(camsweep::ExitCode::kEnvironment);
  }
}

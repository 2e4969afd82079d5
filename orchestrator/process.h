#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/descriptor.h"

namespace camsweep {

// A child process with pipes to its standard input and output; ours are non-blocking.
struct ChildProcess {
  pid_t pid = 0;
  Descriptor input;
  Descriptor output;
};

struct Command {
  std::vector<std::string> arguments;    // the first is the program's path
  std::vector<std::string> environment;  // NAME=value, all of it
};

// Starts a child in a process group of its own, so that Ctrl-C reaches the scheduler alone. The child is
// killed when the calling thread ends: call this from the main thread. Its signal mask and SIGPIPE are as at
// login; of our descriptors it has the pipes and `error_fd` as its standard error. Throws Error
// (kEnvironment) if it cannot start.
//
// fork() and not posix_spawn(): that cannot set a death signal, and a shim program would cost an exec per
// gang. The scheduler is small and has one thread, so the child may do what it needs before exec.
ChildProcess start_child(const Command& command, int error_fd);

// The first executable of that name on PATH; a name with a slash stands for itself.
std::optional<std::filesystem::path> find_program(const std::string& name);

// "signal 9 (Killed)" or "exit code 3": how a process ended, from what waitpid() said.
std::string describe_status(int status);

// When a live process started, in clock ticks since boot: field 22 of /proc/<pid>/stat. None if there is no
// such process or it is a zombie.
std::optional<int64_t> process_start_time(pid_t pid);

// Live processes (zombies are not) whose environment at their start held `variable`, "NAME=value".
// Descendants inherit it whatever process group they move to and whoever adopts them.
std::vector<pid_t> processes_with(const std::string& variable);

}  // namespace camsweep

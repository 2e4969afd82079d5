#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/process.h"
#include "schemas/messages.h"

namespace camsweep {

// One mpirun with its ranks: the lines it sends and gets, its log, and its end. Passive: the owner polls the
// descriptors and reaps children. A gang is gone when mpirun was reaped and no process that carries the
// gang's marker lives: each rank has a process group of its own, and mpirun can be reaped before a large rank
// has gone.
class GangProcess {
 public:
  struct Launch {
    Command command;
    std::string marker;         // "NAME=value" in the environment, unlike any other gang's
    std::filesystem::path log;  // gets mpirun's stderr and every line that is no message
    std::string host;           // of this machine, as ranks name it
  };
  explicit GangProcess(const Launch& launch);

  pid_t pid() const { return child_.pid; }
  int output_fd() const { return child_.output.get(); }  // poll for reading while listens()
  int input_fd() const { return child_.input.get(); }    // poll for writing while has_unsent()
  bool listens() const { return child_.output.open(); }
  bool has_unsent() const { return child_.input.open() && !unsent_.empty(); }

  void send(std::string_view line);
  void write_unsent();
  // Every whole message that has arrived; does not wait.
  std::vector<FromGang> read();
  // Why nothing more can be understood: a line beyond 1 MiB. None: all is well.
  const std::optional<std::string>& broken() const { return broken_; }

  void reaped(int status) { status_ = status; }
  // "mpirun ended with exit code 1"; none while it runs.
  std::optional<std::string> end() const;

  // Kills every process of the gang that is left. Once is not enough: a rank may be between fork and exec.
  void kill();
  bool gone(double now_s);

 private:
  void take(std::string_view line, std::vector<FromGang>& messages);
  void log(std::string_view text);

  Launch launch_;
  Descriptor log_;
  ChildProcess child_;
  std::string received_;
  size_t searched_ = 0;  // no newline in the first so many bytes of `received_`
  std::string unsent_;
  std::optional<std::string> broken_;
  std::optional<int> status_;
  std::vector<RankProcess> local_ranks_;
  bool has_remote_ranks_ = false;
  std::optional<double> ended_s_;
};

}  // namespace camsweep

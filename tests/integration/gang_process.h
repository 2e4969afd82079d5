#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schemas/messages.h"

namespace camsweep {

// A real gang under mpirun, driven over its control channel as the scheduler drives it.
class GangProcess {
 public:
  // Starts `program` on `ranks` ranks through camsweep-rank; its errors go to folder/gang.log.
  GangProcess(const std::string& program, int ranks, const std::filesystem::path& folder,
              const std::vector<std::string>& rank_arguments = {});
  ~GangProcess();  // kills what still runs
  GangProcess(const GangProcess&) = delete;
  GangProcess& operator=(const GangProcess&) = delete;

  void send(const ToGang& message);
  void close_input();
  // The next message; none at the end of the gang's output. Throws what decode_from_gang() throws on any other line.
  std::optional<FromGang> receive();
  // The next message of one type; messages of other types before it are dropped. None at the end.
  template <class Message>
  std::optional<Message> receive_next() {
    while (const auto message = receive()) {
      if (const auto* wanted = std::get_if<Message>(&*message)) return *wanted;
    }
    return std::nullopt;
  }

  pid_t pid() const { return pid_; }
  int wait();  // mpirun's exit code; 128 + signal if one ended it

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string pending_;
};

}  // namespace camsweep

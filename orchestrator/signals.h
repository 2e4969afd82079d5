#pragma once

#include <signal.h>

#include <vector>

#include "orchestrator/descriptor.h"

namespace camsweep {

// While it lives, the signals a scheduler answers to (SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGCHLD) arrive
// through a descriptor that poll() knows, and SIGPIPE is ignored. One at a time, in a process of one thread.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_.get(); }
  std::vector<int> take();  // those that arrived since the last call; does not wait

 private:
  sigset_t before_;
  struct sigaction pipe_before_;
  Descriptor fd_;
};

}  // namespace camsweep

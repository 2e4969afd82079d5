#pragma once

#include <vector>

#include "orchestrator/events.h"

namespace camsweep {

// The gangs of a run and the signals for the scheduler: everything outside that can happen. Real ones are MPI
// worlds (mpi_gangs.h); tests have simulated ones.
class Gangs {
 public:
  virtual ~Gangs() = default;
  // Throws Error (kEnvironment) if no process can be started.
  virtual void start(GangId gang, const std::vector<int>& slots) = 0;
  virtual void send(GangId gang, const ToGang& message) = 0;  // to a gang that is gone: nothing happens
  virtual void kill(GangId gang) = 0;                         // GangReaped follows when no process is left
  // Waits until something happens, at most so long; everything that the gangs have sent by then is in the
  // answer.
  virtual std::vector<Event> wait(double timeout_s) = 0;
};

}  // namespace camsweep

#pragma once

#include <c10/core/Device.h>

#include <chrono>
#include <optional>
#include <string>

#include "workers/gang/run_guarded.h"

namespace camsweep {

struct RankOptions {
  int input_fd = 0;                      // the scheduler's messages (rank 0)
  int channel_fd = 1;                    // to the scheduler (rank 0)
  int threads = 1;                       // compute threads of this rank
  std::optional<int> size;               // ranks the gang must have; none = what mpirun or srun promised, if anything
  std::chrono::milliseconds beat{2000};  // between two `progress`
};

// The life of a rank that has an MPI world: says `ready`, runs assignments until `exit` or the end of its input. Throws
// Error.
void serve_jobs(Collective& collective, c10::Device device, const RankOptions& options, const JobRunner& run);

// The life of a rank: memory and thread settings, MPI world, device, serve_jobs(). Throws Error.
void run_rank(const RankOptions& options, const JobRunner& run);

}  // namespace camsweep

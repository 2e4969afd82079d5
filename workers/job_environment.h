#pragma once

#include "workers/gang/job_context.h"

namespace camsweep {

// Where a job ran, as its success records it: commit, camsweep, libtorch, mpi (versions), host, cpu, gpu (with a GPU),
// threads (per rank), ranks, peak_memory_bytes (the largest rank's, since reset_peak_memory()).
// All ranks call it together; `host`, `cpu` and `gpu` are rank 0's.
Json job_environment(const JobContext& context);

}  // namespace camsweep

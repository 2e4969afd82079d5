#pragma once

#include "workers/gang/job_context.h"

namespace camsweep {

// Runs a train assignment: data set and network from its parameters, then Trainer. All ranks call it together.
JobEnd run_train(JobContext& context);

}  // namespace camsweep

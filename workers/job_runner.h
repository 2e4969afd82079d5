#pragma once

#include "workers/gang/job_context.h"

namespace camsweep {

// Runs one assignment; all ranks of the gang call it together and get the same kind of end. Expected failures (a
// damaged image, a diverged loss) are values; anything thrown is one rank's own failure.
JobEnd run_job(JobContext& context);

}  // namespace camsweep

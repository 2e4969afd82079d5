#pragma once

#include <exception>
#include <functional>

#include "schemas/outcome.h"
#include "workers/gang/job_context.h"

namespace camsweep {

// How one attempt runs: all ranks call it together. workers/job_runner.h has the real one.
using JobRunner = std::function<JobEnd(JobContext&)>;

// What an exception that left a job means to the scheduler. Wrong input and bugs are not retryable; memory, disk and
// environment may be better next time.
JobFailure failure_of(const std::exception_ptr& exception);

// Runs the attempt with fd 1 and 2 on its rank<k>.log. The one place where a rank's exception becomes something else:
// in a gang of one a value; in a larger gang, where the others wait in a collective that this rank will never join, a
// synced failure.rank<k>.json {kind, retryable, text, time (s since 1970)} and the end of the process, at which mpirun
// ends the gang.
JobEnd run_guarded(const JobRunner& run, JobContext& context);

}  // namespace camsweep

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/job_spec.h"

namespace camsweep {

// How long jobs of one stage took: from assignment to result.
struct JobDurations {
  double sum_s = 0;
  int64_t count = 0;
};

// A job at work. `share` is the part of its steps that is done, 0 to 1; none before it says how many there are.
struct JobAtWork {
  double age_s = 0;
  std::optional<double> share;
};

// One stage of a sweep as the estimate sees it.
struct StageWork {
  Stage stage = Stage::kTrain;
  int64_t waiting = 0;  // jobs that will run, but do not yet; blocked and failed ones will not
  std::vector<JobAtWork> running;
  JobDurations finished;
};

// The part of its steps that a job has done, from a progress message; none where it does not say of how many.
std::optional<double> share_of(int64_t step, int64_t of);

// Seconds until all that waits and runs is done: per stage the mean of its finished jobs times those left, shared by
// `gangs` that work side by side, and never less than the longest running job still takes. 0 if nothing is left. None
// rather than too little: while a stage with jobs left has finished none, or without a gang.
std::optional<double> remaining_time(const std::vector<StageWork>& stages, size_t gangs);

// The same for people: "3 min 10 s left", or "time left unknown". Never "0.0 s left".
std::string remaining_text(std::optional<double> remaining_s);

}  // namespace camsweep

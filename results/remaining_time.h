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

// An estimate. It is a lower bound while nothing is known of a stage that has jobs left.
struct RemainingTime {
  double seconds = 0;
  bool at_least = false;
};

// Until all that waits and runs is done: per stage the mean of its finished jobs (before there is one, what the steps
// of those at work foretell) times those left, shared by `gangs` that work side by side, and never less than the
// longest running job still takes. 0 if nothing is left; none if nothing is known, or without a gang.
std::optional<RemainingTime> remaining_time(const std::vector<StageWork>& stages, size_t gangs);

// The same for people: "3 min 10 s left", "at least 20 s left" or "time left unknown". Never "0.0 s left".
std::string remaining_text(const std::optional<RemainingTime>& remaining);

}  // namespace camsweep

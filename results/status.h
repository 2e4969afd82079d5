#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/database.h"
#include "results/remaining_time.h"
#include "results/store.h"
#include "schemas/json.h"

namespace camsweep {

// Jobs that are not stale, by state.
struct StateCounts {
  std::array<int64_t, 5> by_state{};  // indexed by JobState
  int64_t operator[](JobState state) const { return by_state[static_cast<size_t>(state)]; }
  int64_t total() const;
};

struct StageStatus {
  std::string stage;
  StateCounts counts;
  JobDurations finished;                          // accepted attempts, or a sample of many
  std::optional<double> mean_duration_s() const;  // none before the first
};

struct RunningJob {
  std::string job;
  std::string stage;
  int attempt = 1;
  std::optional<int64_t> epoch;  // progress as last reported; none before the first report
  std::optional<int64_t> step;
  std::optional<int64_t> steps;
  std::optional<double> images_per_s;
  double age_s = 0;
};

struct FailedJob {
  std::string job;
  std::string stage;
  std::string reason;
};

struct SweepStatus {
  std::string sweep;
  StateCounts counts;
  std::vector<StageStatus> stages;     // in the order of the sweep
  std::vector<RunningJob> running;     // oldest first
  std::vector<FailedJob> last_failed;  // at most 5, latest first
  std::optional<RemainingTime> eta;    // with as many gangs as run now
};

// A few index scans: 100,000 jobs take milliseconds.
SweepStatus read_status(Database& database);

// How long accepted attempts took, per stage that has any: all of them, or a random sample of a large sweep.
std::map<Stage, JobDurations> job_durations(Database& database);

// {sweep, jobs: {total, done, running, failed, blocked, waiting}, eta_s, eta_at_least, stages, running, failed}.
Json to_json(const SweepStatus& status);

}  // namespace camsweep

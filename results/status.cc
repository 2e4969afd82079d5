#include "results/status.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace camsweep {
namespace {

constexpr std::array kStates = {JobState::kWaiting, JobState::kRunning, JobState::kDone, JobState::kFailed,
                                JobState::kBlocked};

Json to_json(const StateCounts& counts) {
  Json json = {{"total", counts.total()}};
  for (const JobState state : kStates) json[std::string(job_state_name(state))] = counts[state];
  return json;
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

StageStatus& stage_of(SweepStatus& status, const std::string& name) {
  const auto found = std::find_if(status.stages.begin(), status.stages.end(),
                                  [&](const StageStatus& stage) { return stage.stage == name; });
  if (found != status.stages.end()) return *found;
  return status.stages.emplace_back(StageStatus{.stage = name, .counts = {}, .finished = {}});
}

void read_counts(Database& database, SweepStatus& status) {
  for (size_t i = 0; i < 5; ++i) stage_of(status, std::string(stage_name(static_cast<Stage>(i))));
  Statement rows(database, "SELECT stage, state, count(*) FROM jobs WHERE stale = 0 GROUP BY state, stage");
  while (rows.step()) {
    for (size_t i = 0; i < kStates.size(); ++i) {
      if (rows.text(1) != job_state_name(kStates[i])) continue;
      stage_of(status, rows.text(0)).counts.by_state[i] = rows.integer(2);
      status.counts.by_state[i] += rows.integer(2);
    }
  }
  std::erase_if(status.stages, [](const StageStatus& stage) { return stage.counts.total() == 0; });
}

void read_running(Database& database, SweepStatus& status) {
  Statement rows(database,
                 "SELECT attempts.job, jobs.stage, attempt, epoch, step, steps, images_per_s,"
                 " max(0, (julianday('now') - julianday(started_at)) * 86400)"
                 " FROM attempts JOIN jobs ON jobs.id = attempts.job"
                 " WHERE attempts.state = 'running' ORDER BY started_at");
  while (rows.step()) {
    status.running.push_back({.job = rows.text(0),
                              .stage = rows.text(1),
                              .attempt = static_cast<int>(rows.integer(2)),
                              .epoch = rows.optional_integer(3),
                              .step = rows.optional_integer(4),
                              .steps = rows.optional_integer(5),
                              .images_per_s = rows.optional_real(6),
                              .age_s = rows.real(7)});
  }
}

void read_failed(Database& database, SweepStatus& status) {
  Statement rows(database,
                 "SELECT jobs.id, jobs.stage, jobs.reason FROM jobs WHERE jobs.stale = 0 AND jobs.state = 'failed'"
                 " ORDER BY (SELECT max(ended_at) FROM attempts WHERE job = jobs.id) DESC LIMIT 5");
  while (rows.step()) {
    status.last_failed.push_back({.job = rows.text(0), .stage = rows.text(1), .reason = rows.text(2)});
  }
}

std::optional<RemainingTime> eta(const SweepStatus& status) {
  std::vector<StageWork> stages;
  for (const StageStatus& stage : status.stages) {
    StageWork& work = stages.emplace_back(
        StageWork{.waiting = stage.counts[JobState::kWaiting], .running = {}, .finished = stage.finished});
    for (const RunningJob& job : status.running) {
      if (job.stage != stage.stage) continue;
      work.running.push_back({.age_s = job.age_s, .share = share_of(job.step.value_or(0), job.steps.value_or(0))});
    }
  }
  return remaining_time(stages, status.running.size());
}

}  // namespace

int64_t StateCounts::total() const { return std::accumulate(by_state.begin(), by_state.end(), int64_t{0}); }

std::optional<double> StageStatus::mean_duration_s() const {
  if (finished.count == 0) return std::nullopt;
  return finished.sum_s / static_cast<double>(finished.count);
}

// Ids are hashes, so the first rows of the index of accepted attempts are a random sample. CROSS JOIN keeps SQLite from
// going through all jobs to find it.
std::map<Stage, JobDurations> job_durations(Database& database) {
  Statement rows(database,
                 "SELECT jobs.stage, sum(max(0, julianday(sample.ended_at) - julianday(sample.started_at))) * 86400,"
                 " count(*)"
                 " FROM (SELECT job, started_at, ended_at FROM attempts WHERE state = 'accepted' LIMIT 2000) AS sample"
                 " CROSS JOIN jobs ON jobs.id = sample.job WHERE jobs.stale = 0 GROUP BY jobs.stage");
  std::map<Stage, JobDurations> durations;
  while (rows.step()) {
    const std::optional<Stage> stage = stage_from_name(rows.text(0));
    if (stage) durations[*stage] = {.sum_s = rows.real(1), .count = rows.integer(2)};
  }
  return durations;
}

SweepStatus read_status(Database& database) {
  SweepStatus status;
  Statement name(database, "SELECT name FROM sweeps ORDER BY updated_at DESC");
  if (name.step()) status.sweep = name.text(0);
  read_counts(database, status);
  for (const auto& [stage, durations] : job_durations(database)) {
    stage_of(status, std::string(stage_name(stage))).finished = durations;
  }
  read_running(database, status);
  read_failed(database, status);
  status.eta = eta(status);
  return status;
}

Json to_json(const SweepStatus& status) {
  Json stages = Json::object();
  for (const StageStatus& stage : status.stages) {
    stages[stage.stage] = to_json(stage.counts);
    stages[stage.stage]["mean_duration_s"] = or_null(stage.mean_duration_s());
  }
  Json running = Json::array();
  for (const RunningJob& job : status.running) {
    running.push_back({{"job", job.job},
                       {"stage", job.stage},
                       {"attempt", job.attempt},
                       {"epoch", or_null(job.epoch)},
                       {"step", or_null(job.step)},
                       {"steps", or_null(job.steps)},
                       {"images_per_s", or_null(job.images_per_s)},
                       {"age_s", job.age_s}});
  }
  Json failed = Json::array();
  for (const FailedJob& job : status.last_failed) {
    failed.push_back({{"job", job.job}, {"stage", job.stage}, {"reason", job.reason}});
  }
  return {{"sweep", status.sweep},
          {"jobs", to_json(status.counts)},
          {"eta_s", status.eta ? Json(status.eta->seconds) : Json()},
          {"eta_at_least", status.eta && status.eta->at_least},
          {"stages", stages},
          {"running", running},
          {"failed", failed}};
}

}  // namespace camsweep

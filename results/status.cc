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
  return status.stages.emplace_back(StageStatus{.stage = name, .counts = {}, .mean_duration_s = {}});
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

// Ids are hashes, so the first rows of the index of accepted attempts are a random sample.
void read_durations(Database& database, SweepStatus& status) {
  Statement rows(database,
                 "SELECT jobs.stage, avg(max(0, julianday(sample.ended_at) - julianday(sample.started_at))) * 86400"
                 " FROM (SELECT job, started_at, ended_at FROM attempts WHERE state = 'accepted' LIMIT 2000) AS sample"
                 " JOIN jobs ON jobs.id = sample.job WHERE jobs.stale = 0 GROUP BY jobs.stage");
  while (rows.step()) stage_of(status, rows.text(0)).mean_duration_s = rows.optional_real(1);
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

std::optional<double> eta(const SweepStatus& status) {
  if (status.counts[JobState::kWaiting] + status.counts[JobState::kRunning] == 0) return 0;
  if (status.running.empty()) return std::nullopt;
  double work_s = 0;
  for (const StageStatus& stage : status.stages) {
    const int64_t left = stage.counts[JobState::kWaiting] + stage.counts[JobState::kRunning];
    if (left == 0) continue;
    if (!stage.mean_duration_s) return std::nullopt;
    work_s += static_cast<double>(left) * *stage.mean_duration_s;
    for (const RunningJob& job : status.running) {
      if (job.stage == stage.stage) work_s -= std::min(job.age_s, *stage.mean_duration_s);
    }
  }
  return std::max(0.0, work_s / static_cast<double>(status.running.size()));
}

}  // namespace

int64_t StateCounts::total() const { return std::accumulate(by_state.begin(), by_state.end(), int64_t{0}); }

SweepStatus read_status(Database& database) {
  SweepStatus status;
  Statement name(database, "SELECT name FROM sweeps ORDER BY updated_at DESC");
  if (name.step()) status.sweep = name.text(0);
  read_counts(database, status);
  read_durations(database, status);
  read_running(database, status);
  read_failed(database, status);
  status.eta_s = eta(status);
  return status;
}

Json to_json(const SweepStatus& status) {
  Json stages = Json::object();
  for (const StageStatus& stage : status.stages) {
    stages[stage.stage] = to_json(stage.counts);
    stages[stage.stage]["mean_duration_s"] = or_null(stage.mean_duration_s);
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
          {"eta_s", or_null(status.eta_s)},
          {"stages", stages},
          {"running", running},
          {"failed", failed}};
}

}  // namespace camsweep

#include "orchestrator/job_table.h"

#include <algorithm>
#include <utility>

#include "schemas/error.h"

namespace camsweep {

JobTable::JobTable(const std::vector<JobSpec>& jobs, const std::unordered_map<JobId, JobRecord>& records) {
  jobs_.reserve(jobs.size());
  by_id_.reserve(jobs.size());
  for (const JobSpec& spec : jobs) {
    const size_t number = jobs_.size();
    Job job{.id = spec.id, .stage = spec.stage, .gang = spec.gang, .needs = {}, .dependents = {}};
    for (const JobId& needed : spec.needs) {
      const auto found = by_id_.find(needed);
      CAMSWEEP_CHECK(found != by_id_.end(), "a plan lists a job after those it needs");
      job.needs.push_back(found->second);
      jobs_[found->second].dependents.push_back(number);
    }
    JobState state = JobState::kWaiting;
    if (const auto record = records.find(spec.id); record != records.end()) {
      state = record->second.state;
      job.attempts = record->second.attempts;
      job.counted_attempts = record->second.counted_attempts;
    }
    by_id_.emplace(spec.id, number);
    jobs_.push_back(std::move(job));
    ++in_phase_[Phase::kWaiting];
    ++waiting_[spec.stage];
    if (state == JobState::kDone) {
      move(number, Phase::kDone);
    } else if (state == JobState::kFailed) {
      move(number, Phase::kFailed);
    } else {
      settle(number);
    }
  }
}

std::optional<size_t> JobTable::find(const JobId& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

JobCounts JobTable::counts() const {
  const auto in = [this](Phase phase) {
    const auto found = in_phase_.find(phase);
    return found == in_phase_.end() ? 0 : found->second;
  };
  return {.total = static_cast<int>(jobs_.size()),
          .done = in(Phase::kDone),
          .running = in(Phase::kRunning) + in(Phase::kRecording),
          .failed = in(Phase::kFailed),
          .blocked = in(Phase::kBlocked),
          .waiting = in(Phase::kWaiting) + in(Phase::kReady)};
}

int JobTable::waiting(Stage stage) const {
  const auto found = waiting_.find(stage);
  return found == waiting_.end() ? 0 : found->second;
}

bool JobTable::unfinished() const {
  const JobCounts now = counts();
  return now.running + now.waiting > 0;
}

bool JobTable::waits(size_t job) const { return phase(job) == Phase::kWaiting || phase(job) == Phase::kReady; }

void JobTable::move(size_t number, Phase phase) {
  Job& job = jobs_[number];
  if (job.phase == Phase::kReady) {
    const auto same_size = ready_.find(job.gang);
    same_size->second.erase(number);
    if (same_size->second.empty()) ready_.erase(same_size);
  }
  --in_phase_[job.phase];
  waiting_[job.stage] -= waits(number) ? 1 : 0;
  job.phase = phase;
  waiting_[job.stage] += waits(number) ? 1 : 0;
  ++in_phase_[phase];
  if (phase == Phase::kReady) ready_[job.gang].insert(number);
}

void JobTable::settle(size_t number) {
  Phase phase = Phase::kReady;
  for (const size_t needed : jobs_[number].needs) {
    const Phase theirs = jobs_[needed].phase;
    if (theirs == Phase::kFailed || theirs == Phase::kBlocked) return move(number, Phase::kBlocked);
    if (theirs != Phase::kDone) phase = Phase::kWaiting;
  }
  move(number, phase);
}

int JobTable::begin(size_t job) {
  CAMSWEEP_CHECK(phase(job) == Phase::kReady, "only a ready job is begun");
  move(job, Phase::kRunning);
  return ++jobs_[job].attempts;
}

void JobTable::recording(size_t job) {
  CAMSWEEP_CHECK(phase(job) == Phase::kRunning, "only a running job has a result");
  move(job, Phase::kRecording);
}

void JobTable::done(size_t job) {
  CAMSWEEP_CHECK(phase(job) == Phase::kRecording, "a result is recorded before its job is done");
  move(job, Phase::kDone);
  for (const size_t dependent : jobs_[job].dependents) {
    if (phase(dependent) == Phase::kWaiting) settle(dependent);
  }
}

void JobTable::put_back(size_t job) {
  CAMSWEEP_CHECK(phase(job) == Phase::kRunning, "only a running job is put back");
  move(job, Phase::kReady);
}

std::vector<size_t> JobTable::fail(size_t job) {
  CAMSWEEP_CHECK(phase(job) == Phase::kRunning, "only a running job fails");
  move(job, Phase::kFailed);
  std::set<size_t> blocked;
  std::vector<size_t> open = {job};
  while (!open.empty()) {
    const size_t cause = open.back();
    open.pop_back();
    for (const size_t dependent : jobs_[cause].dependents) {
      if (phase(dependent) == Phase::kBlocked) continue;
      move(dependent, Phase::kBlocked);
      blocked.insert(dependent);
      open.push_back(dependent);
    }
  }
  return {blocked.begin(), blocked.end()};
}

std::vector<size_t> JobTable::retry(size_t job, int largest_gang) {
  std::set<size_t> reached;  // ascending, so what is needed settles before what needs it
  std::vector<size_t> open = {job};
  while (!open.empty()) {
    const size_t number = open.back();
    open.pop_back();
    const Job& candidate = jobs_[number];
    const bool too_large = candidate.phase == Phase::kFailed && candidate.gang > largest_gang;
    if ((candidate.phase != Phase::kFailed && candidate.phase != Phase::kBlocked) || too_large) continue;
    if (!reached.insert(number).second) continue;
    if (candidate.phase == Phase::kBlocked) open.insert(open.end(), candidate.needs.begin(), candidate.needs.end());
    open.insert(open.end(), candidate.dependents.begin(), candidate.dependents.end());
  }
  for (const size_t number : reached) move(number, Phase::kWaiting);
  std::vector<size_t> changed;
  for (const size_t number : reached) {
    settle(number);
    if (phase(number) == Phase::kBlocked) continue;  // by a job that stays failed
    jobs_[number].counted_attempts = 0;
    changed.push_back(number);
  }
  return changed;
}

}  // namespace camsweep

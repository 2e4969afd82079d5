// How the scheduler hears its gangs, gives them work and lets them go.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "orchestrator/scheduler.h"

namespace camsweep {
namespace {

constexpr double kProgressEvery_s = 1;  // what `status` reads need not be younger

}  // namespace

bool Scheduler::current(GangId id, const Gang& gang, const JobId& job, int attempt, std::string_view what) {
  if (gang.work && jobs_.id(gang.work->job) == job && gang.work->attempt == attempt) return true;
  note("dropped", job, fmt::format("gang {} sent {} of attempt {}, which it does not run", id.number, what, attempt));
  return false;
}

void Scheduler::hear(GangId id, Gang& gang, const Ready& ready) {
  if (gang.phase != GangPhase::kStarting) return note("dropped", std::nullopt, "a second ready of a gang");
  if (ready.protocol != kProtocolVersion || ready.build != options_.build) {
    evidence_ = id;
    close(ExitCode::kEnvironment,
          fmt::format("the gang is of build {}, the scheduler of {}: build both from one commit", ready.build,
                      options_.build));
    return kill(id, gang);
  }
  if (ready.ranks.size() != gang.slots.size()) {
    return lose(id, gang,
                {"start", true, fmt::format("{} of {} ranks came up", ready.ranks.size(), gang.slots.size())});
  }
  start_failures_ = 0;
  gang.phase = GangPhase::kReady;
  gang.since_s = now_s_;
}

void Scheduler::hear(GangId id, Gang& gang, const Progress& progress) {
  if (!current(id, gang, progress.job, progress.attempt, "progress")) return;
  Work& work = *gang.work;
  if (progress.step != work.last.step || progress.epoch != work.last.epoch) work.step_s = now_s_;
  work.last = progress;
  if (now_s_ - work.recorded_s < kProgressEvery_s) return;
  work.recorded_s = now_s_;
  act(RecordProgress{progress});
}

void Scheduler::hear(GangId id, Gang& gang, const LiveMetric& live) {
  if (current(id, gang, live.job, live.attempt, "a metric")) act(RecordMetric{live});
}

void Scheduler::hear(GangId id, Gang& gang, const CheckpointWritten& checkpoint) {
  if (!current(id, gang, checkpoint.job, checkpoint.attempt, "a checkpoint")) return;
  gang.work->step_s = now_s_;
  note("checkpoint", checkpoint.job, fmt::format("step {}: {}", checkpoint.step, checkpoint.path));
}

void Scheduler::hear(GangId id, Gang& gang, const Outcome& outcome) {
  if (!current(id, gang, outcome.job, outcome.attempt, "an outcome")) return;
  const Work work = *std::exchange(gang.work, std::nullopt);
  unrecorded_.emplace(std::pair(outcome.job, outcome.attempt), id);
  ++gang.unacknowledged;
  if (const auto* success = std::get_if<JobSuccess>(&outcome.end)) {
    jobs_.recording(work.job);
    JobDurations& durations = options_.durations[jobs_.stage(work.job)];
    durations.sum_s += now_s_ - work.since_s;
    ++durations.count;
    return act(RecordSuccess{outcome.job, outcome.attempt, *success});
  }
  const auto* failure = std::get_if<JobFailure>(&outcome.end);
  end_attempt(work, failure ? *failure : JobFailure{"stopped", true, "stopped at a checkpoint"});
  retire(id, gang);
}

void Scheduler::end_attempt(const Work& work, const JobFailure& failure) {
  const JobId& id = jobs_.id(work.job);
  const bool disk_full = failure.kind == "disk_full";  // no fault of the job, and no job would fare better
  // An unasked "stopped" counts: a rank that leaves by itself must not be restarted for ever.
  const bool counts = !closing_since_s_ && !disk_full;
  unrecorded_.try_emplace(std::pair(id, work.attempt), GangId{});
  act(RecordFailure{id, work.attempt, failure, counts});
  if (counts) jobs_.count(work.job);
  if (disk_full) close(ExitCode::kDiskFull, fmt::format("the disk is full: {}", failure.text));
  const bool exhausted = counts && jobs_.counted_attempts(work.job) >= options_.limits.max_attempts;
  if (disk_full || (failure.retryable && !exhausted)) {
    jobs_.put_back(work.job);
    return act(RecordState{id, JobState::kWaiting, failure.kind});
  }
  const std::vector<size_t> blocked = jobs_.fail(work.job);
  act(RecordState{id, JobState::kFailed, fmt::format("{}: {}", failure.kind, failure.text)});
  for (const size_t job : blocked) {
    act(RecordState{jobs_.id(job), JobState::kBlocked, fmt::format("needs {}, which failed", id.short_form())});
  }
}

// Gives a gang up. What it ran is judged when it is reaped: the ranks' own records may say more than we saw.
void Scheduler::lose(GangId id, Gang& gang, JobFailure cause) {
  if (gang.phase == GangPhase::kStarting) start_failed(id, cause);
  note("gang_lost", gang.work ? std::optional(jobs_.id(gang.work->job)) : std::nullopt,
       fmt::format("gang {}: {}: {}", id.number, cause.kind, cause.text));
  gang.cause = std::move(cause);
  kill(id, gang);
}

// No job is to blame for a gang that does not come up; when none does, neither will the next.
void Scheduler::start_failed(GangId id, const JobFailure& cause) {
  if (closing_since_s_ || ++start_failures_ < options_.limits.max_attempts) return;
  evidence_ = id;
  close(ExitCode::kEnvironment,
        fmt::format("{} gangs in a row did not start, the last because {}", start_failures_, cause.text));
}

void Scheduler::retire(GangId id, Gang& gang) {
  if (gang.phase != GangPhase::kLeaving) {
    gang.phase = GangPhase::kLeaving;
    gang.since_s = now_s_;
  }
  if (gang.unacknowledged > 0 || gang.told_to_exit || gang.killed) return;  // `exit` follows the last ack
  gang.told_to_exit = true;
  act(Send{id, Exit{}});
}

void Scheduler::kill(GangId id, Gang& gang) {
  if (gang.killed) return;
  gang.killed = true;
  gang.phase = GangPhase::kLeaving;
  gang.since_s = now_s_;
  act(KillGang{id});
}

void Scheduler::decide() {
  if (closing_since_s_ || !jobs_.unfinished() || nothing_fits()) {
    for (auto& [id, gang] : gangs_) {
      if (gang.idle()) retire(id, gang);
      // Nothing of a job is lost: a gang that has not come up yet has none.
      if (gang.phase == GangPhase::kStarting) kill(id, gang);
    }
    return finish_if_over();
  }
  hand_out_jobs();
  start_gangs();
}

void Scheduler::hand_out_jobs() {
  for (auto& [id, gang] : gangs_) {
    const auto same_size = jobs_.ready().find(gang.size());
    if (!gang.idle() || same_size == jobs_.ready().end()) continue;
    const size_t job = *same_size->second.begin();
    const int attempt = jobs_.begin(job);
    gang.heard_s = now_s_;
    gang.work = Work{.job = job, .attempt = attempt, .since_s = now_s_, .step_s = now_s_, .recorded_s = 0, .last = {}};
    act(Assign{id, jobs_.id(job), attempt});
  }
}

void Scheduler::start_gangs() {
  std::vector<std::pair<size_t, int>> sizes;  // by the plan order of their first ready job
  for (const auto& [size, ready] : jobs_.ready()) sizes.emplace_back(*ready.begin(), size);
  std::sort(sizes.begin(), sizes.end());
  int leaving = 0;
  for (const auto& [id, gang] : gangs_) leaving += gang.phase == GangPhase::kLeaving ? gang.size() : 0;
  for (const auto& [first, size] : sizes) {
    int wanted = static_cast<int>(jobs_.ready().at(size).size());
    for (const auto& [id, gang] : gangs_) {
      if (gang.phase == GangPhase::kStarting && gang.size() == size) --wanted;
    }
    for (; wanted > 0 && static_cast<int>(free_slots_.size()) >= size; --wanted) {
      const GangId id{next_gang_++};
      const auto end = std::next(free_slots_.begin(), size);
      Gang gang;
      gang.slots.assign(free_slots_.begin(), end);
      gang.since_s = now_s_;
      free_slots_.erase(free_slots_.begin(), end);
      act(StartGang{id, gang.slots});
      gangs_.emplace(id, std::move(gang));
    }
    // Slots that will be free soon are kept for this size, which stands first in the plan.
    if (wanted > 0 && make_room(size, static_cast<int>(free_slots_.size()), leaving)) return;
  }
}

// True if `size` slots are free, will be once leaving gangs are gone, or will be after idle gangs leave too.
bool Scheduler::make_room(int size, int free, int leaving) {
  int idle = 0;
  for (const auto& [id, gang] : gangs_) idle += gang.idle() ? gang.size() : 0;
  if (free + leaving + idle < size) return false;
  int room = free + leaving;
  for (auto& [id, gang] : gangs_) {
    if (room >= size) break;
    if (!gang.idle()) continue;
    room += gang.size();
    retire(id, gang);
  }
  return true;
}

}  // namespace camsweep

#include "orchestrator/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace camsweep {

Scheduler::Scheduler(const std::vector<JobSpec>& jobs, const std::unordered_map<JobId, JobRecord>& records,
                     SchedulerOptions options)
    : jobs_(jobs, records), options_(std::move(options)) {
  for (int slot = 0; slot < options_.slots; ++slot) free_slots_.insert(slot);
}

std::vector<Action> Scheduler::start(double now_s) {
  now_s_ = last_tick_s_ = now_s;
  for (size_t job = 0; job < jobs_.size(); ++job) {
    if (jobs_.phase(job) == JobTable::Phase::kBlocked) {
      act(RecordState{jobs_.id(job), JobState::kBlocked, "a job that it needs has failed"});
    }
  }
  decide();
  return std::exchange(actions_, {});
}

std::vector<Action> Scheduler::step(const Event& event, double now_s) {
  CAMSWEEP_CHECK(!finished_, "nothing happens after the run has finished");
  now_s_ = now_s;
  std::visit([this](const auto& body) { on(body); }, event);
  decide();
  return std::exchange(actions_, {});
}

void Scheduler::on(const GangMessage& event) {
  const auto found = gangs_.find(event.gang);
  if (found == gangs_.end()) return note("dropped", std::nullopt, "a message of a gang that is gone");
  found->second.heard_s = now_s_;
  std::visit([&](const auto& message) { hear(found->first, found->second, message); }, event.message);
}

void Scheduler::on(const GangExited& event) {
  const auto found = gangs_.find(event.gang);
  if (found == gangs_.end()) return;
  Gang& gang = found->second;
  if (gang.phase == GangPhase::kLeaving) return kill(found->first, gang);
  lose(found->first, gang, {.kind = "rank_died", .retryable = true, .text = event.how});
}

void Scheduler::on(const GangReaped& event) {
  const auto found = gangs_.find(event.gang);
  CAMSWEEP_CHECK(found != gangs_.end(), "a gang is reaped once");
  const Gang gang = std::move(found->second);
  gangs_.erase(found);
  free_slots_.insert(gang.slots.begin(), gang.slots.end());
  if (gang.work) {
    const JobFailure cause = gang.cause.value_or(JobFailure{"stopped", true, "stopped before a checkpoint"});
    end_attempt(*gang.work, event.record.value_or(cause));
  }
}

void Scheduler::on(const Recorded& event) {
  const auto found = unrecorded_.find({event.job, event.attempt});
  CAMSWEEP_CHECK(found != unrecorded_.end(), "what is durable was recorded before");
  const GangId id = found->second;
  unrecorded_.erase(found);
  const size_t job = jobs_.find(event.job).value();
  if (jobs_.phase(job) == JobTable::Phase::kRecording) jobs_.done(job);
  const auto gang = gangs_.find(id);
  if (gang == gangs_.end()) return;
  --gang->second.unacknowledged;
  if (gang->second.killed) return;
  act(Send{id, Ack{event.job, event.attempt}});
  if (gang->second.phase == GangPhase::kLeaving) retire(id, gang->second);
}

void Scheduler::on(const StopRequested&) {
  if (closing_since_s_) {
    for (auto& [id, gang] : gangs_) kill(id, gang);
    return;
  }
  close(ExitCode::kInterrupted, "");
}

void Scheduler::on(const RetryRequested& event) {
  std::vector<size_t> asked;
  for (const JobId& id : event.jobs) {
    if (const auto job = jobs_.find(id)) asked.push_back(*job);
  }
  if (event.jobs.empty()) {
    for (size_t job = 0; job < jobs_.size(); ++job) asked.push_back(job);
  }
  for (const size_t job : asked) {
    for (const size_t changed : jobs_.retry(job, options_.slots)) act(RecordReset{jobs_.id(changed)});
    if (jobs_.phase(job) == JobTable::Phase::kFailed) {
      act(Note{"retry", jobs_.id(job), "job " + jobs_.id(job).short_form() + " stays failed: " + too_large(job), true});
    } else if (jobs_.phase(job) == JobTable::Phase::kBlocked && !event.jobs.empty()) {
      act(Note{"retry", jobs_.id(job),
               fmt::format("job {} stays blocked: a job that it needs asks for more than the {} slots of this run",
                           jobs_.id(job).short_form(), options_.slots),
               true});
    }
  }
}

std::string Scheduler::too_large(size_t job) const {
  return fmt::format("a gang of {} needs as many slots, this run has {}", jobs_.gang(job), options_.slots);
}

// Jobs wait, and none of them will ever start: those that are ready are too large for the slots, and no other runs
// that could make more of them ready.
bool Scheduler::nothing_fits() const {
  return jobs_.counts().running == 0 && !jobs_.ready().empty() && jobs_.ready().begin()->first > options_.slots;
}

void Scheduler::on(const Tick&) {
  forgive_pause();
  for (auto& [id, gang] : gangs_) judge(id, gang);
  if (closing_since_s_ && now_s_ - *closing_since_s_ > options_.stop_s) {
    for (auto& [id, gang] : gangs_) kill(id, gang);
  }
}

// After Ctrl-Z and `fg` nobody was silent: we did not listen. What the gangs sent meanwhile has been handed
// over before this tick; whoever sent nothing gets the time back.
void Scheduler::forgive_pause() {
  constexpr double kPause_s = 5;  // ticks come at least once a second
  const double gap_s = now_s_ - std::exchange(last_tick_s_, now_s_);
  if (gap_s < kPause_s) return;
  const auto later = [&](double& time_s) { time_s = std::min(now_s_, time_s + gap_s); };
  for (auto& [id, gang] : gangs_) {
    later(gang.since_s);
    later(gang.heard_s);
    if (gang.work) later(gang.work->step_s);
  }
  if (closing_since_s_) later(*closing_since_s_);
}

void Scheduler::judge(GangId id, Gang& gang) {
  const Limits& limits = options_.limits;
  switch (gang.phase) {
    case GangPhase::kStarting:
      if (now_s_ - gang.since_s > limits.start_s) {
        lose(id, gang, {"start", true, fmt::format("the gang was not ready after {:g} s", limits.start_s)});
      }
      return;
    case GangPhase::kLeaving:
      if (now_s_ - gang.since_s > options_.farewell_s) kill(id, gang);
      return;
    case GangPhase::kReady:
      if (!gang.work) return;
      if (now_s_ - gang.heard_s > limits.silence_s) {
        lose(id, gang, {"silent", true, fmt::format("the gang was silent for {:g} s", limits.silence_s)});
      } else if (now_s_ - gang.work->step_s > limits.no_step_s) {
        lose(id, gang, {"stuck", true, fmt::format("the gang made no step for {:g} s", limits.no_step_s)});
      }
  }
}

void Scheduler::close(ExitCode code, const std::string& reason) {
  if (!closing_since_s_) {
    closing_since_s_ = now_s_;
    for (auto& [id, gang] : gangs_) {
      if (gang.phase == GangPhase::kStarting) kill(id, gang);
      if (gang.phase == GangPhase::kReady && gang.work) act(Send{id, Stop{.now = false}});
    }
  } else if (closing_code_ != ExitCode::kInterrupted) {
    return;  // the first reason stands
  }
  closing_code_ = code;
  closing_reason_ = reason;
}

void Scheduler::note(const std::string& kind, const std::optional<JobId>& job, const std::string& text) {
  act(Note{kind, job, text});
}

void Scheduler::finish_if_over() {
  if (!gangs_.empty() || !unrecorded_.empty()) return;
  const bool stuck = !closing_since_s_ && nothing_fits();
  if (!closing_since_s_ && jobs_.unfinished() && !stuck) return;
  const JobCounts counts = jobs_.counts();
  ExitCode code = counts.failed + counts.blocked > 0 ? ExitCode::kJobsFailed : ExitCode::kDone;
  const bool broken = closing_since_s_ && closing_code_ != ExitCode::kInterrupted;
  if (broken || (closing_since_s_ && jobs_.unfinished())) code = closing_code_;
  if (stuck) {
    code = ExitCode::kBadInput;
    const size_t job = *jobs_.ready().begin()->second.begin();
    closing_reason_ =
        fmt::format("job {} cannot start: {}; run again with more --slots", jobs_.id(job).short_form(), too_large(job));
  }
  finished_ = true;
  act(Finish{code, closing_reason_, evidence_});
}

RunStatus Scheduler::status(double now_s) const {
  RunStatus status;
  status.jobs = jobs_.counts();
  status.gangs = static_cast<int>(gangs_.size());
  std::vector<StageWork> stages;
  for (const Stage stage : kAllStages) {
    const auto known = options_.durations.find(stage);
    stages.push_back({.stage = stage,
                      .waiting = jobs_.waiting(stage),
                      .running = {},
                      .finished = known == options_.durations.end() ? JobDurations{} : known->second});
  }
  size_t side_by_side = 0;  // a gang that starts has work waiting for it
  for (const auto& [id, gang] : gangs_) {
    if (gang.work || gang.phase == GangPhase::kStarting) ++side_by_side;
    if (!gang.work) continue;
    status.images_per_s += gang.work->last.rate;
    stages[static_cast<size_t>(jobs_.stage(gang.work->job))].running.push_back(
        {.age_s = now_s - gang.work->since_s, .share = share_of(gang.work->last.step, gang.work->last.of)});
  }
  status.eta = remaining_time(stages, side_by_side);
  return status;
}

}  // namespace camsweep

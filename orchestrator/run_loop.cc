#include "orchestrator/run_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "orchestrator/job_folder.h"
#include "orchestrator/publishing.h"
#include "orchestrator/requests.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr double kGroupCommit_s = 0.005;
constexpr double kLazyCommit_s = 1;
constexpr double kTickEvery_s = 0.25;
constexpr double kRequestsEvery_s = 0.5;

}  // namespace

RunLoop::RunLoop(Parts parts) : parts_(std::move(parts)) {
  specs_.reserve(parts_.jobs.size());
  for (const JobSpec& job : parts_.jobs) specs_.emplace(job.id, &job);
}

Finish RunLoop::run() {
  for (const Action& action : parts_.scheduler.start(parts_.clock.now_s())) {
    std::visit([this](const auto& body) { perform(body); }, action);
  }
  while (!finish_) {
    std::vector<Event> events = parts_.gangs.wait(next_wake_s() - parts_.clock.now_s());
    for (Event& event : events) handle(std::move(event));
    if (commit_at_s_ && parts_.clock.now_s() >= *commit_at_s_) commit();
    const double now_s = parts_.clock.now_s();
    if (!finish_ && now_s >= requests_at_s_) {  // what comes after the end is for the next run: taking it would lose it
      requests_at_s_ = now_s + kRequestsEvery_s;
      read_requests();
    }
    if (now_s >= tick_at_s_) {
      tick_at_s_ = now_s + kTickEvery_s;
      handle(Tick{});
    }
    parts_.progress.update(parts_.scheduler.status(now_s), now_s);
  }
  commit();
  return *finish_;
}

void RunLoop::handle(Event event) {
  pending_.push_back(std::move(event));
  while (!pending_.empty() && !finish_) {
    Event next = std::move(pending_.front());
    pending_.pop_front();
    if (auto* reaped = std::get_if<GangReaped>(&next)) {
      if (const auto last = assigned_.extract(reaped->gang)) {
        const auto& [job, attempt] = last.mapped();
        reaped->record = failure_record(parts_.folder.attempt(job, attempt));
      }
    } else if (std::holds_alternative<StopRequested>(next)) {
      parts_.progress.say("stopping: gangs write a checkpoint first; once more stops at once");
    }
    for (const Action& action : parts_.scheduler.step(next, parts_.clock.now_s())) {
      std::visit([this](const auto& body) { perform(body); }, action);
    }
  }
}

void RunLoop::perform(const StartGang& action) { parts_.gangs.start(action.gang, action.slots); }

void RunLoop::perform(const Assign& action) {
  std::optional<Assignment> assignment = assignment_for(action);
  parts_.records.begin_attempt(action.job, action.attempt, std::to_string(action.gang.number));
  written(Urgency::kSoon);
  if (!assignment) {
    const JobFailure failure{"input", false, "the weights that it needs are not recorded"};
    pending_.push_back(GangMessage{action.gang, Outcome{action.job, action.attempt, failure}});
    return;
  }
  assigned_[action.gang] = {action.job, action.attempt};
  parts_.gangs.send(action.gang, std::move(*assignment));
}

std::optional<Assignment> RunLoop::assignment_for(const Assign& action) {
  const JobSpec& spec = *specs_.at(action.job);
  Assignment assignment;
  assignment.job = action.job;
  assignment.attempt = action.attempt;
  assignment.directory = prepare_attempt(parts_.folder, spec, action.attempt);
  assignment.stage = spec.stage;
  assignment.parameters = spec.parameters();
  assignment.dataset = spec.dataset;
  for (const JobId& train : spec.needs) {
    const std::optional<AcceptedWeights> weights = parts_.records.accepted_weights(train, spec.at_epoch);
    if (!weights) return std::nullopt;
    assignment.inputs["weights"] = {weights->path, weights->sha256};
  }
  if (!spec.pretraining_file.empty()) {
    const std::string sha256 = spec.identity.at("pretraining");
    assignment.inputs["pretraining"] = {spec.pretraining_file, sha256};
  }
  return assignment;
}

void RunLoop::perform(const Send& action) { parts_.gangs.send(action.gang, action.message); }

void RunLoop::perform(const KillGang& action) { parts_.gangs.kill(action.gang); }

void RunLoop::perform(const RecordSuccess& action) {
  const bool accepted = parts_.records.accept(action.job, action.attempt, action.success);
  CAMSWEEP_CHECK(accepted, "only the newest attempt of a job without a result delivers one");
  ended_.push_back({action.job, action.attempt, action.success});
  written(Urgency::kSoon);
}

void RunLoop::perform(const RecordFailure& action) {
  JobFailure failure = action.failure;
  evidence_.clear();
  if (failure.kind != "stopped") {
    evidence_ = log_evidence(parts_.folder.attempt(action.job, action.attempt));
    parts_.progress.say(
        fmt::format("job {}, attempt {}: {}: {}", action.job.short_form(), action.attempt, failure.kind, failure.text));
  }
  if (!evidence_.empty()) failure.text += "\n" + evidence_;
  parts_.records.end_attempt(action.job, action.attempt, failure, action.counts);
  ended_.push_back({action.job, action.attempt, std::nullopt});
  written(Urgency::kSoon);
}

void RunLoop::perform(const RecordState& action) {
  std::string reason = action.reason;
  if (action.state == JobState::kFailed) {
    if (!evidence_.empty()) reason += "\n" + evidence_;
    parts_.progress.say(fmt::format("job {} failed for good: {}", action.job.short_form(), reason));
  }
  parts_.records.set_state(action.job, action.state, reason);
  written(Urgency::kSoon);
}

void RunLoop::perform(const RecordReset& action) {
  parts_.records.reset(action.job);
  written(Urgency::kSoon);
}

void RunLoop::perform(const RecordProgress& action) {
  parts_.records.record_progress(action.progress);
  written(Urgency::kLazy);
}

void RunLoop::perform(const RecordMetric& action) {
  parts_.records.record_live_metric(action.live);
  written(Urgency::kLazy);
}

void RunLoop::perform(const Note& action) {
  if (action.aloud) parts_.progress.say(action.text);
  parts_.records.record_event(action.kind, action.job, action.text);
  written(Urgency::kLazy);
}

void RunLoop::perform(const Finish& action) { finish_ = action; }

void RunLoop::written(Urgency urgency) {
  const double at_s = parts_.clock.now_s() + (urgency == Urgency::kSoon ? kGroupCommit_s : kLazyCommit_s);
  commit_at_s_ = commit_at_s_ ? std::min(*commit_at_s_, at_s) : at_s;
}

double RunLoop::next_wake_s() const {
  const double wake_s = std::min(tick_at_s_, requests_at_s_);
  return commit_at_s_ ? std::min(*commit_at_s_, wake_s) : wake_s;
}

void RunLoop::commit() {
  commit_at_s_.reset();
  parts_.records.commit();
  for (const Ended& end : std::exchange(ended_, {})) {
    if (end.success) {
      const JobSpec& spec = *specs_.at(end.job);
      remove_leftovers(parts_.folder, spec, end.attempt, *end.success, parts_.keep_state);
      parts_.records.publish(spec, end.attempt, *end.success);
    }
    handle(Recorded{end.job, end.attempt});
  }
}

void RunLoop::read_requests() {
  for (const Request& request : take_requests(parts_.folder)) {
    std::vector<JobId> known;
    for (const JobSpec& job : parts_.jobs) known.push_back(job.id);
    try {
      if (request.kind != "retry") throw ConfigError(fmt::format("unknown request '{}'", request.kind));
      handle(RetryRequested{resolve_jobs(request.jobs, known)});
    } catch (const ConfigError& error) {
      parts_.progress.say(fmt::format("request ignored: {}", error.what()));
    }
  }
}

}  // namespace camsweep

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orchestrator/scheduler.h"

// What the scheduler's tests say in one word each.
namespace camsweep {

inline JobSpec a_job(const std::string& id, int gang = 1, const std::vector<std::string>& needs = {}) {
  JobSpec job;
  job.id = {id};
  job.stage = needs.empty() ? Stage::kTrain : Stage::kLocalize;
  job.identity = {{"parameters", Json::object()}};
  for (const std::string& needed : needs) job.needs.push_back({needed});
  job.gang = gang;
  return job;
}

inline SchedulerOptions some_slots(int slots) { return {.slots = slots, .limits = {}, .build = "b"}; }

inline Ready ready_of(size_t ranks) {
  return {.protocol = kProtocolVersion, .build = "b", .ranks = std::vector<RankProcess>(ranks)};
}

template <class Kind>
std::vector<Kind> only(const std::vector<Action>& actions) {
  std::vector<Kind> found;
  for (const Action& action : actions) {
    if (const auto* body = std::get_if<Kind>(&action)) found.push_back(*body);
  }
  return found;
}

// Drives a scheduler step by step, at a time that the test moves.
struct Drive {
  Scheduler scheduler;
  double now_s = 0;

  Drive(const std::vector<JobSpec>& jobs, SchedulerOptions options,
        const std::unordered_map<JobId, JobRecord>& records = {})
      : scheduler(jobs, records, std::move(options)) {}

  std::vector<Action> start() { return scheduler.start(now_s); }
  std::vector<Action> give(const Event& event) { return scheduler.step(event, now_s); }
  std::vector<Action> ready(GangId gang, size_t ranks = 1) { return give(GangMessage{gang, ready_of(ranks)}); }
  std::vector<Action> ends(const Assign& work, JobEnd end) {
    return give(GangMessage{work.gang, Outcome{work.job, work.attempt, std::move(end)}});
  }
  std::vector<Action> recorded(const Assign& work) { return give(Recorded{work.job, work.attempt}); }
  std::vector<Action> dies(GangId gang) { return give(GangExited{gang, "a rank ended by signal 9"}); }
  std::vector<Action> reaped(GangId gang) { return give(GangReaped{gang, std::nullopt}); }
  std::vector<Action> progress(const Assign& work, int64_t step) {
    return give(GangMessage{work.gang, Progress{.job = work.job, .attempt = work.attempt, .step = step}});
  }
  std::vector<Action> tick(double at_s) {
    now_s = at_s;
    return give(Tick{});
  }
  // Starts, and readies the one gang: what it is given first.
  Assign first_work(size_t ranks = 1) {
    start();
    return only<Assign>(ready(GangId{1}, ranks)).at(0);
  }
};

}  // namespace camsweep

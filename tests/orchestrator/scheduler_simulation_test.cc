// The scheduler in a simulated world: gangs that die, hang, repeat themselves and deliver late, a disk that forgets
// what was not committed, and schedulers that are killed. Invariants are checked at every action; a failure names its
// seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

constexpr int kSlots = 4;
constexpr int kMaxAttempts = 60;  // more than the faults of a run can cost one job

struct DurableJob {
  JobState state = JobState::kWaiting;
  int attempts = 0;
  int counted = 0;
  int accepted = 0;
};
using Disk = std::map<JobId, DurableJob>;

struct SimulatedGang {
  std::vector<int> slots;
  bool is_ready = false;
  bool hangs = false;
  bool killed = false;
  bool told_to_exit = false;
  bool exit_told = false;
  std::optional<Assign> work;
  std::optional<Assign> last;
  int64_t step = 0;
};

class World {
 public:
  World(uint64_t seed, std::vector<JobSpec> jobs, std::set<JobId> poison)
      : random_(seed), jobs_(std::move(jobs)), poison_(std::move(poison)) {
    for (const JobSpec& job : jobs_) disk_[job.id] = {};
  }

  // Runs, and restarts after every end, until the sweep is finished or `steps` went by.
  std::optional<ExitCode> run(int steps, double fault_rate) {
    fault_rate_ = fault_rate;
    if (!scheduler_) boot();
    for (int step = 0; step < steps; ++step) {
      if (testing::Test::HasFatalFailure()) return std::nullopt;
      if (finish_) {
        const ExitCode code = finish_->code;
        if (code == ExitCode::kDone || code == ExitCode::kJobsFailed) return code;
        boot();
      }
      if (strikes(0.002)) {
        boot();  // kill -9: gangs die with it, what was not committed is gone
      } else if (strikes(0.002)) {
        give(StopRequested{});
      } else {
        live();
      }
    }
    return std::nullopt;
  }

  const Disk& disk() const { return disk_; }

 private:
  bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  bool strikes(double weight) { return chance(std::min(1.0, weight * fault_rate_)); }

  void boot() {
    gangs_.clear();
    answers_.clear();
    uncommitted_ = disk_;
    unsynced_.clear();
    finish_.reset();
    std::unordered_map<JobId, JobRecord> records;
    for (const auto& [id, job] : disk_) records[id] = {job.state, job.attempts, job.counted};
    SchedulerOptions options = some_slots(kSlots);
    options.limits.max_attempts = kMaxAttempts;
    scheduler_.emplace(jobs_, records, options);
    carry_out(scheduler_->start(now_s_));
  }

  void give(const Event& event) {
    if (!finish_) carry_out(scheduler_->step(event, now_s_));
  }

  void live() {
    now_s_ += 0.5;
    for (const Event& answer : std::exchange(answers_, {})) give(answer);
    std::vector<GangId> ids;
    for (const auto& [id, gang] : gangs_) ids.push_back(id);
    for (const GangId id : ids) {
      if (gangs_.contains(id) && !finish_) move(id, gangs_.at(id));
    }
    if (chance(0.5)) commit();
    give(Tick{});
  }

  void move(GangId id, SimulatedGang& gang) {
    const bool late_result = gang.killed && gang.work && chance(0.1);
    if (late_result || (gang.work && !gang.hangs && !gang.killed && chance(0.2))) return deliver(id, gang);
    if (gang.killed || gang.told_to_exit) {
      if (!gang.killed && chance(0.5) && !gang.exit_told) {
        gang.exit_told = true;
        return give(GangExited{id, "it left"});
      }
      if (gang.killed && chance(0.5)) {
        gangs_.erase(id);
        give(GangReaped{id, std::nullopt});
      }
      return;
    }
    if (strikes(0.03) && !gang.exit_told) {
      gang.exit_told = true;
      return give(GangExited{id, "a rank died"});
    }
    if (strikes(0.03)) gang.hangs = true;
    if (gang.hangs) return;
    if (!gang.is_ready && chance(0.5)) {
      gang.is_ready = true;
      return give(GangMessage{id, ready_of(gang.slots.size())});
    }
    if (gang.last && strikes(0.05)) {
      return give(GangMessage{id, Outcome{gang.last->job, gang.last->attempt, JobSuccess{}}});  // said twice
    }
    if (gang.work) {
      give(GangMessage{id, Progress{.job = gang.work->job, .attempt = gang.work->attempt, .step = ++gang.step}});
    }
  }

  void deliver(GangId id, SimulatedGang& gang) {
    const Assign work = *gang.work;
    gang.last = gang.work;
    gang.work.reset();
    JobEnd end = JobSuccess{};
    if (poison_.contains(work.job))
      end = JobFailure{"data", false, "poison"};
    else if (strikes(0.1))
      end = JobFailure{"worker", true, "it crashed"};
    give(GangMessage{id, Outcome{work.job, work.attempt, end}});
  }

  void commit() {
    disk_ = uncommitted_;
    for (const Recorded& recorded : std::exchange(unsynced_, {})) give(recorded);
  }

  void carry_out(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      std::visit([this](const auto& body) { perform(body); }, action);
    }
  }

  void perform(const StartGang& start) {
    for (const auto& [id, gang] : gangs_) {
      for (const int slot : gang.slots) {
        ASSERT_EQ(std::count(start.slots.begin(), start.slots.end(), slot), 0) << "a slot was given twice";
      }
    }
    gangs_[start.gang].slots = start.slots;
  }
  void perform(const Assign& assign) {
    SimulatedGang& gang = gangs_.at(assign.gang);
    ASSERT_TRUE(gang.is_ready && !gang.work && !gang.killed && !gang.told_to_exit) << "the gang is not free";
    const JobSpec& spec =
        *std::find_if(jobs_.begin(), jobs_.end(), [&](const JobSpec& job) { return job.id == assign.job; });
    ASSERT_EQ(spec.gang, static_cast<int>(gang.slots.size()));
    for (const JobId& needed : spec.needs) ASSERT_EQ(disk_.at(needed).accepted, 1) << "not durable yet";
    for (const auto& [id, other] : gangs_) ASSERT_FALSE(other.work && other.work->job == assign.job) << "runs twice";
    DurableJob& job = uncommitted_.at(assign.job);
    ASSERT_EQ(job.accepted, 0) << "a done job runs again";
    ASSERT_GT(assign.attempt, job.attempts);
    job.attempts = assign.attempt;
    gang.work = assign;
  }
  void perform(const Send& send) {
    SimulatedGang& gang = gangs_.at(send.gang);
    if (const auto* ack = std::get_if<Ack>(&send.message)) {
      ASSERT_GE(disk_.at(ack->job).attempts, ack->attempt) << "acknowledged before it was durable";
    } else if (std::holds_alternative<Exit>(send.message)) {
      ASSERT_FALSE(gang.work) << "a gang was sent away at work";
      gang.told_to_exit = true;
    } else if (gang.work && !gang.hangs && chance(0.8)) {
      const Assign work = *gang.work;
      gang.work.reset();
      // A stop reaches a gang later than this action returns: the answer comes as an event of its own.
      answers_.push_back(GangMessage{send.gang, Outcome{work.job, work.attempt, JobStopped{}}});
    }
  }
  void perform(const KillGang& kill) { gangs_.at(kill.gang).killed = true; }
  void perform(const RecordSuccess& success) {
    DurableJob& job = uncommitted_.at(success.job);
    ASSERT_EQ(++job.accepted, 1) << "two accepted results";
    ASSERT_EQ(success.attempt, job.attempts) << "an old attempt won";
    job.state = JobState::kDone;
    unsynced_.push_back({success.job, success.attempt});
  }
  void perform(const RecordFailure& failure) {
    uncommitted_.at(failure.job).counted += failure.counts ? 1 : 0;
    unsynced_.push_back({failure.job, failure.attempt});
  }
  void perform(const RecordState& state) { uncommitted_.at(state.job).state = state.state; }
  void perform(const Finish& finish) {
    ASSERT_TRUE(gangs_.empty()) << "a gang outlives the run";
    ASSERT_TRUE(unsynced_.empty()) << "something is not durable at the end";
    finish_ = finish;
  }
  template <class Other>
  void perform(const Other&) {}

  std::mt19937_64 random_;
  std::vector<JobSpec> jobs_;
  std::set<JobId> poison_;
  double fault_rate_ = 0;
  double now_s_ = 0;
  std::optional<Scheduler> scheduler_;
  std::map<GangId, SimulatedGang> gangs_;
  Disk disk_;
  Disk uncommitted_;
  std::vector<Recorded> unsynced_;
  std::deque<Event> answers_;
  std::optional<Finish> finish_;
};

// Trainings of sizes 1 to 4, each with two analyses; the fifth training can never succeed.
std::vector<JobSpec> a_sweep() {
  std::vector<JobSpec> jobs;
  for (int cell = 0; cell < 8; ++cell) {
    const std::string train = "train" + std::to_string(cell);
    jobs.push_back(a_job(train, 1 + cell % kSlots));
    jobs.push_back(a_job("cam" + std::to_string(cell), 1, {train}));
    jobs.push_back(a_job("erf" + std::to_string(cell), 2, {train}));
  }
  return jobs;
}

TEST(SchedulerSimulationTest, WhateverHappensEveryJobEndsOnceAndTheSweepFinishes) {
  constexpr int kSeeds = 300;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed, a_sweep(), {{"train4"}});

    world.run(/*steps=*/400, /*fault_rate=*/1.0 + static_cast<double>(seed % 4));
    const std::optional<ExitCode> code = world.run(/*steps=*/3000, /*fault_rate=*/0);

    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(code, ExitCode::kJobsFailed) << "it does not finish once faults have stopped";
    for (const auto& [id, job] : world.disk()) {
      const bool poisoned = id.hex.ends_with("4");
      EXPECT_EQ(job.accepted, poisoned ? 0 : 1) << id.hex;
      const JobState end = id.hex == "train4" ? JobState::kFailed : JobState::kBlocked;
      EXPECT_EQ(job.state, poisoned ? end : JobState::kDone) << id.hex;
    }
  }
}

}  // namespace
}  // namespace camsweep

#include "orchestrator/scheduler.h"

#include <gtest/gtest.h>

#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

const GangId kFirst{1};
const GangId kSecond{2};
const JobFailure kCrash{"worker", true, "it crashed"};

TEST(SchedulerTest, FinishesAtOnceWhenEveryJobIsDone) {
  Drive drive({a_job("a")}, some_slots(1), {{{"a"}, {JobState::kDone, 1, 0}}});

  const auto actions = drive.start();

  ASSERT_EQ(only<Finish>(actions).size(), 1U);
  EXPECT_EQ(only<Finish>(actions)[0].code, ExitCode::kDone);
  EXPECT_TRUE(only<StartGang>(actions).empty());
}

TEST(SchedulerTest, StartsAsManyGangsAsThereAreSlotsAndJobs) {
  Drive drive({a_job("a", 2), a_job("b", 2), a_job("c", 2)}, some_slots(5));

  const auto started = only<StartGang>(drive.start());

  ASSERT_EQ(started.size(), 2U);
  EXPECT_EQ(started[0].slots, (std::vector{0, 1}));
  EXPECT_EQ(started[1].slots, (std::vector{2, 3}));
}

TEST(SchedulerTest, AWarmGangTakesTheNextJobOfItsSizeInPlanOrder) {
  Drive drive({a_job("a"), a_job("b"), a_job("c")}, some_slots(1));
  const Assign a = drive.first_work();

  const auto after = drive.ends(a, JobSuccess{});

  EXPECT_EQ(a.job.hex, "a");
  ASSERT_EQ(only<Assign>(after).size(), 1U);
  EXPECT_EQ(only<Assign>(after)[0].job.hex, "b");
  EXPECT_EQ(only<Assign>(after)[0].gang, kFirst);
  EXPECT_TRUE(only<StartGang>(after).empty());
}

TEST(SchedulerTest, AResultIsAcknowledgedAndReleasesDependentsOnlyOnceItIsDurable) {
  Drive drive({a_job("train"), a_job("map", 1, {"train"})}, some_slots(1));
  const Assign train = drive.first_work();

  const auto delivered = drive.ends(train, JobSuccess{});
  const auto durable = drive.recorded(train);

  EXPECT_EQ(only<RecordSuccess>(delivered).size(), 1U);
  EXPECT_TRUE(only<Send>(delivered).empty());
  EXPECT_TRUE(only<Assign>(delivered).empty());
  ASSERT_EQ(only<Send>(durable).size(), 1U);
  EXPECT_EQ(std::get<Ack>(only<Send>(durable)[0].message).job.hex, "train");
  ASSERT_EQ(only<Assign>(durable).size(), 1U);
  EXPECT_EQ(only<Assign>(durable)[0].job.hex, "map");
}

TEST(SchedulerTest, AGangLeavesWhenItsSlotsAreNeededInAnotherShape) {
  Drive drive({a_job("train", 2), a_job("map", 1, {"train"})}, some_slots(2));
  const Assign train = drive.first_work(2);
  drive.ends(train, JobSuccess{});

  const auto durable = drive.recorded(train);
  drive.dies(kFirst);
  const auto free = drive.reaped(kFirst);

  ASSERT_EQ(only<Send>(durable).size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Ack>(only<Send>(durable)[0].message));
  EXPECT_TRUE(std::holds_alternative<Exit>(only<Send>(durable)[1].message));
  EXPECT_TRUE(only<StartGang>(durable).empty());
  ASSERT_EQ(only<StartGang>(free).size(), 1U);
  EXPECT_EQ(only<StartGang>(free)[0].slots.size(), 1U);
}

TEST(SchedulerTest, AFailedAttemptIsRetriedOnAFreshGangUnderTheNextNumber) {
  Drive drive({a_job("a")}, some_slots(1));
  const Assign first = drive.first_work();

  const auto failed = drive.ends(first, kCrash);
  const auto acknowledged = drive.recorded(first);
  drive.dies(kFirst);
  drive.reaped(kFirst);
  const auto again = only<Assign>(drive.ready(kSecond));

  ASSERT_EQ(only<RecordFailure>(failed).size(), 1U);
  EXPECT_TRUE(only<RecordFailure>(failed)[0].counts);
  EXPECT_TRUE(std::holds_alternative<Exit>(only<Send>(acknowledged).back().message));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].job.hex, "a");
  EXPECT_EQ(again[0].attempt, 2);
}

TEST(SchedulerTest, APoisonJobFailsAfterItsAttemptsAndTheRestGoesOn) {
  Drive drive({a_job("poison"), a_job("map", 1, {"poison"}), a_job("good")}, some_slots(1));
  drive.start();
  std::vector<Action> last;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto work = only<Assign>(drive.ready(GangId{attempt}));
    ASSERT_EQ(work.at(0).job.hex, "poison");
    drive.dies(GangId{attempt});
    last = drive.reaped(GangId{attempt});
    drive.recorded(work[0]);
  }

  const auto next = only<Assign>(drive.ready(GangId{4}));

  const auto states = only<RecordState>(last);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].state, JobState::kFailed);
  EXPECT_EQ(states[0].reason, "rank_died: a rank ended by signal 9");
  EXPECT_EQ(states[1].job.hex, "map");
  EXPECT_EQ(states[1].state, JobState::kBlocked);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].job.hex, "good");
}

TEST(SchedulerTest, AFailureThatIsNotRetryableEndsTheJobAtOnceAndTheRunWithCode1) {
  Drive drive({a_job("a")}, some_slots(1));
  const Assign work = drive.first_work();

  const auto failed = drive.ends(work, JobFailure{"data", false, "bird.jpg is damaged"});
  drive.recorded(work);
  drive.dies(kFirst);
  const auto over = drive.reaped(kFirst);

  EXPECT_EQ(only<RecordState>(failed).at(0).state, JobState::kFailed);
  EXPECT_EQ(only<Finish>(over).at(0).code, ExitCode::kJobsFailed);
}

TEST(SchedulerTest, ALostGangsJobIsJudgedWhenNoProcessOfItIsLeft) {
  Drive drive({a_job("a")}, some_slots(2));
  const Assign work = drive.first_work();

  const auto lost = drive.dies(kFirst);
  const auto reaped = drive.give(GangReaped{kFirst, JobFailure{"data", false, "rank 1 could not read x.jpg"}});

  EXPECT_EQ(only<KillGang>(lost).size(), 1U);
  EXPECT_TRUE(only<RecordFailure>(lost).empty());
  EXPECT_TRUE(only<StartGang>(lost).empty());
  ASSERT_EQ(only<RecordFailure>(reaped).size(), 1U);
  EXPECT_EQ(only<RecordFailure>(reaped)[0].failure.text, "rank 1 could not read x.jpg");
  EXPECT_EQ(only<RecordFailure>(reaped)[0].attempt, work.attempt);
}

TEST(SchedulerTest, AResultThatWasStillInThePipeOfALostGangIsTaken) {
  Drive drive({a_job("a")}, some_slots(1));
  const Assign work = drive.first_work();
  drive.dies(kFirst);

  const auto late = drive.ends(work, JobSuccess{});
  const auto reaped = drive.reaped(kFirst);
  const auto over = drive.recorded(work);

  EXPECT_EQ(only<RecordSuccess>(late).size(), 1U);
  EXPECT_TRUE(only<RecordFailure>(reaped).empty());
  EXPECT_EQ(only<Finish>(over).at(0).code, ExitCode::kDone);
}

TEST(SchedulerTest, MessagesOfAnOldAttemptAreLoggedAndDropped) {
  Drive drive({a_job("a"), a_job("b")}, some_slots(1));
  const Assign a = drive.first_work();
  drive.ends(a, JobSuccess{});

  const auto twice = drive.ends(a, JobSuccess{});
  const auto old = drive.progress(a, 7);
  drive.recorded(a);
  const auto unknown = drive.give(GangMessage{GangId{77}, Outcome{{"b"}, 1, JobSuccess{}}});

  for (const auto& actions : {twice, old, unknown}) {
    EXPECT_TRUE(only<RecordSuccess>(actions).empty());
    EXPECT_TRUE(only<RecordProgress>(actions).empty());
    EXPECT_EQ(only<Note>(actions).at(0).kind, "dropped");
  }
}

TEST(SchedulerTest, ASilentAndAStuckGangAreKilledAndTheirAttemptsCount) {
  for (const auto& [step_at_s, kind] : {std::pair(25.0, "silent"), std::pair(-1.0, "stuck")}) {
    SchedulerOptions options = some_slots(1);
    options.limits = {.start_s = 120, .silence_s = 30, .no_step_s = 50, .max_attempts = 3};
    Drive drive({a_job("a")}, options);
    const Assign work = drive.first_work();
    bool killed = false;
    for (double at_s = 1; at_s < 70 && !killed; ++at_s) {
      drive.now_s = at_s;
      const bool talks = step_at_s < 0 || at_s <= step_at_s;
      if (talks) drive.progress(work, /*step=*/step_at_s < 0 ? 0 : static_cast<int64_t>(at_s));
      killed = !only<KillGang>(drive.tick(at_s)).empty();
    }

    const auto reaped = drive.reaped(kFirst);

    EXPECT_TRUE(killed);
    ASSERT_EQ(only<RecordFailure>(reaped).size(), 1U);
    EXPECT_EQ(only<RecordFailure>(reaped)[0].failure.kind, kind);
    EXPECT_TRUE(only<RecordFailure>(reaped)[0].counts);
  }
}

TEST(SchedulerTest, AfterAPauseOfTheSchedulerItselfNobodyWasSilent) {
  Drive drive({a_job("a")}, some_slots(1));
  drive.first_work();
  drive.tick(1);

  const auto woken = drive.tick(3600);
  const auto patient = drive.tick(3603);

  EXPECT_TRUE(only<KillGang>(woken).empty());
  EXPECT_TRUE(only<KillGang>(patient).empty());
}

TEST(SchedulerTest, GangsThatDoNotStartEndTheRunInsteadOfFailingJobs) {
  Drive drive({a_job("a")}, some_slots(1));
  drive.start();
  std::vector<Action> last;
  for (int gang = 1; gang <= 3; ++gang) {
    drive.dies(GangId{gang});
    last = drive.reaped(GangId{gang});
  }

  ASSERT_EQ(only<Finish>(last).size(), 1U);
  EXPECT_EQ(only<Finish>(last)[0].code, ExitCode::kEnvironment);
  EXPECT_EQ(only<Finish>(last)[0].evidence, GangId{3});
}

TEST(SchedulerTest, AGangOfAnotherBuildEndsTheRun) {
  Drive drive({a_job("a")}, some_slots(1));
  drive.start();

  const auto met = drive.give(GangMessage{kFirst, Ready{.build = "other", .ranks = {{}}}});
  const auto over = drive.reaped(kFirst);

  EXPECT_EQ(only<KillGang>(met).size(), 1U);
  EXPECT_EQ(only<Finish>(over).at(0).code, ExitCode::kEnvironment);
}

TEST(SchedulerTest, ProgressIsRecordedAtMostOnceASecond) {
  Drive drive({a_job("a")}, some_slots(1));
  drive.now_s = 100;
  const Assign work = drive.first_work();
  size_t recorded = 0;
  for (int step = 0; step < 40; ++step) {
    drive.now_s += 0.1;
    recorded += only<RecordProgress>(drive.progress(work, step)).size();
  }

  EXPECT_GE(recorded, 3U);
  EXPECT_LE(recorded, 5U);
}

}  // namespace
}  // namespace camsweep

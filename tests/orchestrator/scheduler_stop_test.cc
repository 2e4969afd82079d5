#include <gtest/gtest.h>

#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

const GangId kFirst{1};

TEST(SchedulerStopTest, AStopAsksForACheckpointAndItsAttemptDoesNotCount) {
  Drive drive({a_job("a"), a_job("b")}, some_slots(1));
  const Assign work = drive.first_work();

  const auto asked = drive.give(StopRequested{});
  const auto stopped = drive.ends(work, JobStopped{});
  drive.recorded(work);
  drive.dies(kFirst);
  const auto over = drive.reaped(kFirst);

  EXPECT_FALSE(std::get<Stop>(only<Send>(asked).at(0).message).now);
  EXPECT_FALSE(only<RecordFailure>(stopped).at(0).counts);
  EXPECT_EQ(only<RecordState>(stopped).at(0).state, JobState::kWaiting);
  EXPECT_EQ(only<Finish>(over).at(0).code, ExitCode::kInterrupted);
}

TEST(SchedulerStopTest, ASecondStopOrTooLongACheckpointKills) {
  Drive twice({a_job("a")}, some_slots(1));
  twice.first_work();
  twice.give(StopRequested{});
  Drive slow({a_job("a")}, some_slots(1));
  const Assign work = slow.first_work();
  slow.give(StopRequested{});
  std::vector<Action> last;

  const auto again = twice.give(StopRequested{});
  for (double at_s = 1; at_s <= 61; ++at_s) {
    slow.progress(work, static_cast<int64_t>(at_s));
    last = slow.tick(at_s);
  }

  EXPECT_EQ(only<KillGang>(again).size(), 1U);
  EXPECT_EQ(only<KillGang>(last).size(), 1U);
  EXPECT_FALSE(only<RecordFailure>(slow.reaped(kFirst)).at(0).counts);
}

TEST(SchedulerStopTest, AFullDiskStopsTheRunWithoutBlamingTheJob) {
  Drive drive({a_job("a"), a_job("b")}, some_slots(1));
  const Assign work = drive.first_work();

  const auto failed = drive.ends(work, JobFailure{"disk_full", true, "cannot write state-3.safetensors"});
  drive.recorded(work);
  drive.dies(kFirst);
  const auto over = drive.reaped(kFirst);

  EXPECT_FALSE(only<RecordFailure>(failed).at(0).counts);
  EXPECT_EQ(only<RecordState>(failed).at(0).state, JobState::kWaiting);
  EXPECT_EQ(only<Finish>(over).at(0).code, ExitCode::kDiskFull);
}

}  // namespace
}  // namespace camsweep

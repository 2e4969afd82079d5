#include <gtest/gtest.h>

#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

TEST(SchedulerStatusTest, TheTimeLeftComesFromFinishedJobsAndTheStepsOfRunningOnes) {
  Drive drive({a_job("a"), a_job("b"), a_job("c")}, some_slots(1));
  const Assign a = drive.first_work();
  EXPECT_FALSE(drive.scheduler.status(0).eta.has_value());

  drive.now_s = 10;
  const auto next = only<Assign>(drive.ends(a, JobSuccess{}));
  drive.recorded(a);

  EXPECT_NEAR(drive.scheduler.status(14).eta.value().seconds, 16, 1e-9);  // two jobs of 10 s, one begun 4 s ago
  EXPECT_EQ(drive.scheduler.status(14).jobs.done, 1);
  drive.give(GangMessage{next.at(0).gang, Progress{.job = next[0].job, .attempt = 1, .step = 1, .of = 10}});
  EXPECT_NEAR(drive.scheduler.status(14).eta.value().seconds, 19, 1e-9);
}

TEST(SchedulerStatusTest, TheTimeLeftIsUnknownBeforeAJobFinishedOrStepped) {
  Drive drive({a_job("a"), a_job("map", 1, {"a"})}, some_slots(1));
  const Assign a = drive.first_work();

  drive.now_s = 10;
  drive.ends(a, JobSuccess{});
  drive.recorded(a);

  EXPECT_EQ(drive.scheduler.status(10).jobs.running, 1);
  EXPECT_FALSE(drive.scheduler.status(10).eta.has_value()) << "the duration of a training says nothing of a map";
}

TEST(SchedulerStatusTest, WhatEarlierRunsFinishedGivesTheFirstEstimate) {
  SchedulerOptions options = some_slots(1);
  options.durations[Stage::kTrain] = {.sum_s = 60, .count = 2};
  Drive drive({a_job("a"), a_job("b")}, options);

  drive.first_work();

  EXPECT_NEAR(drive.scheduler.status(10).eta.value().seconds, 50, 1e-9);
}

}  // namespace
}  // namespace camsweep

#include "workers/training/schedule.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(ScheduleTest, WarmsUpLinearlyWithBothEndsIncluded) {
  const Schedule schedule{.lr = 1.0, .min_lr = 0.1, .warmup_steps = 5, .total_steps = 15};

  EXPECT_DOUBLE_EQ(schedule.at(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.at(1), 0.25);
  EXPECT_DOUBLE_EQ(schedule.at(4), 1.0);
}

TEST(ScheduleTest, FallsFromThePeakTowardsTheMinimum) {
  const Schedule schedule{.lr = 1.0, .min_lr = 0.1, .warmup_steps = 5, .total_steps = 15};

  EXPECT_DOUBLE_EQ(schedule.at(5), 1.0);
  EXPECT_NEAR(schedule.at(10), 0.55, 1e-15);                 // half way: the mean of peak and minimum
  EXPECT_NEAR(schedule.at(14), 0.12202456766718093, 1e-15);  // 0.1 + 0.45 (1 + cos(0.9 pi))
}

TEST(ScheduleTest, WarmUpOfOneStepHasRateZeroAsTheSourceHasIt) {
  const Schedule schedule{.lr = 1.0, .min_lr = 0.0, .warmup_steps = 1, .total_steps = 3};

  EXPECT_DOUBLE_EQ(schedule.at(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.at(1), 1.0);
}

TEST(ScheduleTest, StepsMultiplyTheRateFromTheRunsStartOn) {
  // wsolevaluation's: divided by ten every 15 of 50 epochs, here of 3 steps each.
  const Schedule schedule{
      .kind = Schedule::Kind::kStep, .lr = 0.02, .total_steps = 150, .step_steps = 45, .step_factor = 0.1};

  EXPECT_DOUBLE_EQ(schedule.at(0), 0.02);
  EXPECT_DOUBLE_EQ(schedule.at(44), 0.02);
  EXPECT_DOUBLE_EQ(schedule.at(45), 0.002);
  EXPECT_NEAR(schedule.at(149), 2e-5, 1e-18);
}

TEST(ScheduleTest, ConstantRateFollowsItsWarmUp) {
  const Schedule schedule{.kind = Schedule::Kind::kConstant, .lr = 0.5, .warmup_steps = 3, .total_steps = 9};

  EXPECT_DOUBLE_EQ(schedule.at(1), 0.25);
  EXPECT_DOUBLE_EQ(schedule.at(3), 0.5);
  EXPECT_DOUBLE_EQ(schedule.at(8), 0.5);
}

}  // namespace
}  // namespace camsweep

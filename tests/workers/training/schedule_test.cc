#include "workers/training/schedule.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(CosineScheduleTest, WarmsUpLinearlyWithBothEndsIncluded) {
  const CosineSchedule schedule{.lr = 1.0, .min_lr = 0.1, .warmup_steps = 5, .total_steps = 15};

  EXPECT_DOUBLE_EQ(schedule.at(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.at(1), 0.25);
  EXPECT_DOUBLE_EQ(schedule.at(4), 1.0);
}

TEST(CosineScheduleTest, FallsFromThePeakTowardsTheMinimum) {
  const CosineSchedule schedule{.lr = 1.0, .min_lr = 0.1, .warmup_steps = 5, .total_steps = 15};

  EXPECT_DOUBLE_EQ(schedule.at(5), 1.0);
  EXPECT_NEAR(schedule.at(10), 0.55, 1e-15);                 // half way: the mean of peak and minimum
  EXPECT_NEAR(schedule.at(14), 0.12202456766718093, 1e-15);  // 0.1 + 0.45 (1 + cos(0.9 pi))
}

TEST(CosineScheduleTest, WarmUpOfOneStepHasRateZeroAsTheSourceHasIt) {
  const CosineSchedule schedule{.lr = 1.0, .min_lr = 0.0, .warmup_steps = 1, .total_steps = 3};

  EXPECT_DOUBLE_EQ(schedule.at(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.at(1), 1.0);
}

}  // namespace
}  // namespace camsweep

#include "results/remaining_time.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(RemainingTimeTest, IsTheMeanOfEachStageTimesItsJobsLeftSharedByTheGangs) {
  const StageWork train{.stage = Stage::kTrain,
                        .waiting = 3,
                        .running = {{.age_s = 20, .share = {}}, {.age_s = 50, .share = {}}},
                        .finished = {.sum_s = 200, .count = 2}};
  const StageWork erf{.stage = Stage::kErf, .waiting = 5, .running = {}, .finished = {.sum_s = 40, .count = 4}};

  // (3 x 100 + 80 + 50 + 5 x 10) / 2
  EXPECT_DOUBLE_EQ(remaining_time({train, erf}, 2).value().seconds, 240);
}

TEST(RemainingTimeTest, StepsTellMoreOfARunningJobThanItsAge) {
  const StageWork resumed{
      .stage = Stage::kTrain, .running = {{.age_s = 1, .share = 0.9}}, .finished = {.sum_s = 100, .count = 1}};

  EXPECT_NEAR(remaining_time({resumed}, 1).value().seconds, 10, 1e-9);
}

TEST(RemainingTimeTest, AJobThatOutlivesTheMeanIsNotCountedAsOver) {
  const StageWork late{
      .stage = Stage::kTrain, .running = {{.age_s = 300, .share = {}}}, .finished = {.sum_s = 100, .count = 1}};
  const StageWork last_step{
      .stage = Stage::kTrain, .running = {{.age_s = 100, .share = 1.0}}, .finished = {.sum_s = 100, .count = 1}};

  EXPECT_GT(remaining_time({late}, 1).value().seconds, 0);
  EXPECT_GT(remaining_time({last_step}, 1).value().seconds, 0);
}

TEST(RemainingTimeTest, ItIsAtLeastWhatTheLongestRunningJobTakes) {
  const StageWork train{
      .stage = Stage::kTrain, .running = {{.age_s = 10, .share = {}}}, .finished = {.sum_s = 100, .count = 1}};
  const StageWork pca{.stage = Stage::kPca,
                      .running = {{.age_s = 0, .share = {}}, {.age_s = 0, .share = {}}},
                      .finished = {.sum_s = 1, .count = 1}};

  EXPECT_DOUBLE_EQ(remaining_time({train, pca}, 3).value().seconds, 90);
}

TEST(RemainingTimeTest, IsALowerBoundWhileNothingIsKnownOfAStageWithJobsLeft) {
  const StageWork train{
      .stage = Stage::kTrain, .running = {{.age_s = 10, .share = {}}}, .finished = {.sum_s = 100, .count = 1}};
  const StageWork erf{.stage = Stage::kErf, .waiting = 1, .running = {}, .finished = {}};
  const StageWork unused{.stage = Stage::kPca, .running = {}, .finished = {}};

  EXPECT_TRUE(remaining_time({train, erf}, 1).value().at_least);
  EXPECT_FALSE(remaining_time({train, unused}, 1).value().at_least);
  EXPECT_FALSE(remaining_time({erf}, 1).has_value());
}

TEST(RemainingTimeTest, BeforeAJobHasFinishedTheStepsOfARunningOneForetellIt) {
  const StageWork train{
      .stage = Stage::kTrain, .waiting = 2, .running = {{.age_s = 10, .share = 0.25}}, .finished = {}};

  EXPECT_DOUBLE_EQ(remaining_time({train}, 1).value().seconds, 110);  // 2 x 40 + 30
}

TEST(RemainingTimeTest, IsUnknownWhenJobsWaitAndNoGangWorks) {
  const StageWork train{.stage = Stage::kTrain, .waiting = 2, .running = {}, .finished = {.sum_s = 100, .count = 1}};

  EXPECT_FALSE(remaining_time({train}, 0).has_value());
}

TEST(RemainingTimeTest, IsZeroWhenNothingIsLeft) {
  const StageWork train{.stage = Stage::kTrain, .waiting = 0, .running = {}, .finished = {.sum_s = 100, .count = 1}};

  EXPECT_EQ(remaining_time({train}, 0).value().seconds, 0.0);
  EXPECT_EQ(remaining_time({}, 0).value().seconds, 0.0);
}

TEST(RemainingTimeTest, TheTextNeverPromisesThatNothingIsLeft) {
  EXPECT_EQ(remaining_text(RemainingTime{189.2, false}), "3 min 10 s left");
  EXPECT_EQ(remaining_text(RemainingTime{0.02, false}), "1.0 s left");
  EXPECT_EQ(remaining_text(RemainingTime{20, true}), "at least 20.0 s left");
  EXPECT_EQ(remaining_text(std::nullopt), "time left unknown");
}

TEST(RemainingTimeTest, AShareNeedsToKnowOfHowMany) {
  EXPECT_EQ(share_of(5, 0), std::nullopt);
  EXPECT_EQ(share_of(5, 20), 0.25);
  EXPECT_EQ(share_of(21, 20), 1.0);
}

}  // namespace
}  // namespace camsweep

#include "workers/analysis/signals.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

// Half-pixel centres, as of images: 0, 1 raised to four are 0, 0.25, 0.75, 1.
TEST(RaiseAlongTest, IsLinearBetweenTheCentresOfTheMapsValues) {
  EXPECT_EQ(raise_along({0, 1}, 4), (std::vector<double>{0, 0.25, 0.75, 1}));
}

TEST(ScoreSegmentTest, CountsSamplesAboveHalfTheMaximum) {
  //                              0  1  2    3  4  5  6  7
  const std::vector<double> map = {0, 0, 1.1, 2, 2, 1, 0, -3};

  const auto score = score_segment(map, {3, 6});

  ASSERT_TRUE(score);
  EXPECT_EQ(score->iou, 2.0 / 5);  // 2, 3, 4 are found; 3 to 6 are true
  EXPECT_TRUE(score->peak_inside);
  EXPECT_FALSE(score_segment(map, {4, 7})->peak_inside);  // of equal values the first is the peak
}

TEST(ScoreSegmentTest, AMapWithoutAPositiveValueLocalizesNothing) {
  EXPECT_FALSE(score_segment({0, 0, 0}, {0, 1}));
  EXPECT_FALSE(score_segment({-1, -2}, {0, 1}));
}

TEST(DrawSignalTest, TheTrueSegmentIsLighterAndAConstantSignalIsDrawn) {
  const Image with = draw_signal({{0, 0, 0, 0}, {0, 0, 0, 0}, Segment{0, 3}});
  const Image without = draw_signal({{0, 0, 0, 0}, {0, 0, 0, 0}, {}});
  const size_t pixel = 3 * (static_cast<size_t>(2) * static_cast<size_t>(with.width) + 50);

  EXPECT_EQ(with.rgb.size(), without.rgb.size());
  EXPECT_GT(with.rgb[pixel], without.rgb[pixel]);
}

}  // namespace
}  // namespace camsweep

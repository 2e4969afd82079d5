#include "workers/localization/component_maps.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

constexpr double kFloat = 1e-6;  // components are computed in float32

at::Tensor random_features(int64_t channels, int64_t side) {
  at::manual_seed(3);
  return at::randn({channels, side, side}, at::kDouble);
}

// A 5 x 5 pattern from 0 to 1 that is low on the frame.
std::vector<double> low_on_frame() {
  return {0, 0, 0, 0, 0, 0, .5, 1, 0, 0, 0, .75, .25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

TEST(Pc1Test, MultiplesOfOnePatternWithBothSignsGiveThePattern) {
  const at::Tensor pattern = at::tensor(low_on_frame(), at::kDouble).view({1, 5, 5});
  const at::Tensor features = pattern * at::tensor({1., 2., 3., 4.}, at::kDouble).view({4, 1, 1});
  const at::Tensor weights = at::tensor({.5, -1., .25, -2.}, at::kDouble);

  const FirstComponent first =
      first_component(features, weights, MapOptions::Pc1Input::kWeighted, MapOptions::Pc1Sign::kComponent);

  ASSERT_TRUE(first.exists);
  EXPECT_NEAR(first.rate, 1, kFloat);
  EXPECT_EQ(first.dropped_channels, 0);
  const Normalized map = render_pc1(first.map, MapOptions::Pc1Quantization::kMinMax, 5);
  for (size_t i = 0; i < 25; ++i) EXPECT_NEAR(map.map.values[i], low_on_frame()[i], kFloat) << i;
}

TEST(Pc1Test, RawMultiplesGiveThePatternsDirection) {
  const at::Tensor pattern = at::tensor(low_on_frame(), at::kDouble).view({1, 5, 5});
  const at::Tensor features = pattern * at::tensor({1., 2., 4., 9.}, at::kDouble).view({4, 1, 1}) + 7.0;

  const FirstComponent first =
      first_component(features, {}, MapOptions::Pc1Input::kRaw, MapOptions::Pc1Sign::kComponent);

  EXPECT_NEAR(first.rate, 1, kFloat);
  for (size_t i = 0; i < 25; ++i) EXPECT_NEAR(first.map.values[i], low_on_frame()[i], kFloat) << i;
}

TEST(Pc1Test, EqualRowsHaveNoComponent) {
  const at::Tensor pattern = at::tensor(low_on_frame(), at::kDouble).view({1, 5, 5});
  const at::Tensor features = pattern * at::tensor({1., 2., 3., 4.}, at::kDouble).view({4, 1, 1});

  const FirstComponent first = first_component(features, at::ones({4}, at::kDouble), MapOptions::Pc1Input::kWeighted,
                                               MapOptions::Pc1Sign::kComponent);

  EXPECT_FALSE(first.exists);
  EXPECT_EQ(first.map.values, std::vector<double>(25, 0.0));
}

TEST(Pc1Test, ConstantChannelsAreDroppedAndCounted) {
  at::Tensor features = random_features(6, 5);
  features[1].fill_(3);
  features[4].fill_(0);

  const FirstComponent first = first_component(features, at::ones({6}, at::kDouble), MapOptions::Pc1Input::kWeighted,
                                               MapOptions::Pc1Sign::kScore);

  EXPECT_EQ(first.dropped_channels, 2);
  EXPECT_TRUE(first.exists);
}

// A 12 x 12 map whose first `marked` frame positions are 1.
bool frame_is_marked(int marked) {
  ScoreMap map{12, 12, std::vector<double>(144, 0)};
  for (int y = 0; y < 12 && marked > 0; ++y) {
    for (int x = 0; x < 12 && marked > 0; ++x) {
      if (y >= 1 && y <= 9 && x >= 1 && x <= 9) continue;
      map.values[static_cast<size_t>(12 * y + x)] = 1;
      --marked;
    }
  }
  return marks_frame(map);
}

TEST(Pc1Test, TwentyThreeOfSixtyThreeFramePositionsReverseAMap) {
  EXPECT_FALSE(frame_is_marked(22));
  EXPECT_TRUE(frame_is_marked(23));
}

TEST(Pc1Test, FrameIsThickerAtBottomAndRight) {
  // 7 x 7: rows and columns 1 to 4 are inside, 33 positions are frame; more than 12 reverse.
  ScoreMap map{7, 7, std::vector<double>(49, 0)};
  for (int x = 0; x < 7; ++x)
    map.values[static_cast<size_t>(5 * 7 + x)] = map.values[static_cast<size_t>(6 * 7 + x)] = 1;
  EXPECT_TRUE(marks_frame(map));  // 14
  for (const int x : {0, 1}) map.values[static_cast<size_t>(6 * 7 + x)] = 0;
  EXPECT_FALSE(marks_frame(map));  // 12
}

}  // namespace
}  // namespace camsweep

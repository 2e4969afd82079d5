#include "workers/localization/class_maps.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "workers/localization/pc1.h"

namespace camsweep {
namespace {

at::Tensor random_features(int64_t channels, int64_t side) {
  at::manual_seed(3);
  return at::randn({channels, side, side}, at::kDouble);
}

// A 5 x 5 pattern from 0 to 1 that is low on the frame.
std::vector<double> low_on_frame() {
  return {0, 0, 0, 0, 0, 0, .5, 1, 0, 0, 0, .75, .25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

TEST(ActivationMapTest, MeanOverPositionsIsTheLogitWithoutBias) {
  const at::Tensor features = random_features(6, 4);
  const at::Tensor weights = at::randn({6}, at::kDouble);

  const at::Tensor map = activation_map(features, weights, Method::kCam, MapOptions::NegativeSign::kSigned);

  const double logit = at::dot(weights, features.mean(at::IntArrayRef{1, 2})).item<double>();
  EXPECT_NEAR(6 * map.mean().item<double>(), logit, 1e-12);
}

TEST(ActivationMapTest, PositiveAndNegativePartsAddUpToTheWhole) {
  const at::Tensor features = random_features(8, 5);
  const at::Tensor weights = at::randn({8}, at::kDouble);
  const auto map = [&](Method method) {
    return activation_map(features, weights, method, MapOptions::NegativeSign::kSigned);
  };

  EXPECT_TRUE(at::allclose(map(Method::kCamPositive) + map(Method::kCamNegative), map(Method::kCam), 1e-12, 1e-14));
}

TEST(ActivationMapTest, MagnitudeTurnsTheNegativePartOver) {
  const at::Tensor features = random_features(8, 5);
  const at::Tensor weights = at::randn({8}, at::kDouble);

  const at::Tensor map = activation_map(features, weights, Method::kCamNegative, MapOptions::NegativeSign::kSigned);
  const at::Tensor magnitude =
      activation_map(features, weights, Method::kCamNegative, MapOptions::NegativeSign::kMagnitude);

  EXPECT_TRUE(at::equal(magnitude, -map));
}

TEST(RenderActivationTest, OfficialMapCutsNegativesAndSpansZeroToOneInLevels) {
  const Normalized map = render_activation({2, 2, {-1, 0, 1, 2}}, MapOptions::Heatmap::kOfficial, 2);

  // 255 * (0, 0, 0.5, 1) truncated is (0, 0, 127, 255).
  EXPECT_EQ(map.map.values, (std::vector<double>{0, 0, 127.0 / 255, 1}));
  EXPECT_FALSE(map.constant);
}

TEST(RenderActivationTest, WsolevalMapKeepsNegatives) {
  const Normalized map = render_activation({2, 2, {-1, 0, 1, 3}}, MapOptions::Heatmap::kWsoleval, 2);

  EXPECT_EQ(map.map.values, (std::vector<double>{0, .25, .5, 1}));
}

TEST(RenderActivationTest, MapsWithoutAPositiveOrWithNaNAreZerosAndConstant) {
  for (const double value : {0.0, -1.0, std::nan("")}) {
    const Normalized map = render_activation({2, 2, std::vector<double>(4, value)}, MapOptions::Heatmap::kOfficial, 3);
    EXPECT_EQ(map.map.values, std::vector<double>(9, 0.0)) << value;
    EXPECT_TRUE(map.constant) << value;
  }
}

TEST(RenderPc1Test, QuantizationsDifferOutsideZeroToOne) {
  const ScoreMap map = {1, 3, {-0.1, 0.5, 1.2}};
  const auto values = [&map](MapOptions::Pc1Quantization quantization) {
    ScoreMap square = {3, 3, {}};
    for (int i = 0; i < 3; ++i) square.values.insert(square.values.end(), map.values.begin(), map.values.end());
    const Normalized rendered = render_pc1(square, quantization, 3);
    return std::vector<double>(rendered.map.values.begin(), rendered.map.values.begin() + 3);
  };

  EXPECT_NEAR(values(MapOptions::Pc1Quantization::kMinMax)[1], 0.6 / 1.3, 1e-15);
  EXPECT_EQ(values(MapOptions::Pc1Quantization::kClip), (std::vector<double>{0, 127.0 / 255, 1}));
  // A cast to 8 bits wraps: -25 -> 231, 127, 306 -> 50.
  EXPECT_EQ(values(MapOptions::Pc1Quantization::kWrap), (std::vector<double>{1, 77.0 / 181, 0}));
}

TEST(Pc1Test, MultiplesOfOnePatternWithBothSignsGiveThePattern) {
  const at::Tensor pattern = at::tensor(low_on_frame(), at::kDouble).view({1, 5, 5});
  const at::Tensor features = pattern * at::tensor({1., 2., 3., 4.}, at::kDouble).view({4, 1, 1});
  const at::Tensor weights = at::tensor({.5, -1., .25, -2.}, at::kDouble);

  const FirstComponent first =
      first_component(features, weights, MapOptions::Pc1Input::kWeighted, MapOptions::Pc1Sign::kComponent);

  ASSERT_TRUE(first.exists);
  EXPECT_NEAR(first.rate, 1, 1e-12);
  EXPECT_EQ(first.dropped_channels, 0);
  const Normalized map = render_pc1(first.map, MapOptions::Pc1Quantization::kMinMax, 5);
  for (size_t i = 0; i < 25; ++i) EXPECT_NEAR(map.map.values[i], low_on_frame()[i], 1e-9) << i;
}

TEST(Pc1Test, RawMultiplesGiveThePatternsDirection) {
  const at::Tensor pattern = at::tensor(low_on_frame(), at::kDouble).view({1, 5, 5});
  const at::Tensor features = pattern * at::tensor({1., 2., 4., 9.}, at::kDouble).view({4, 1, 1}) + 7.0;

  const FirstComponent first =
      first_component(features, {}, MapOptions::Pc1Input::kRaw, MapOptions::Pc1Sign::kComponent);

  EXPECT_NEAR(first.rate, 1, 1e-12);
  for (size_t i = 0; i < 25; ++i) EXPECT_NEAR(first.map.values[i], low_on_frame()[i], 1e-9) << i;
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

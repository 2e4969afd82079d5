#include "workers/localization/map_rendering.h"

#include <gtest/gtest.h>

#include <cmath>

namespace camsweep {
namespace {

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

// Equal values weighted by fractions that add up to 1 differ in their last bits: stretched, they would be a picture of
// rounding.
TEST(RenderActivationTest, ConstantMapsStayConstantWhateverTheirValue) {
  const ScoreMap constant{7, 7, std::vector<double>(49, 0.3)};

  const Normalized map = render_activation(constant, MapOptions::Heatmap::kWsoleval, 224);
  const Normalized pc1 = render_pc1(constant, MapOptions::Pc1Quantization::kMinMax, 224);

  EXPECT_TRUE(map.constant);
  EXPECT_EQ(map.map.values, std::vector<double>(224 * 224, 0.0));
  EXPECT_TRUE(pc1.constant);
}

TEST(RenderActivationTest, MaxKeepsTheSmallestPositiveValueAboveZero) {
  const Normalized map = render_activation({2, 2, {1, 2, 3, 4}}, MapOptions::Heatmap::kMax, 2);

  EXPECT_EQ(map.map.values, (std::vector<double>{.25, .5, .75, 1}));
}

}  // namespace
}  // namespace camsweep

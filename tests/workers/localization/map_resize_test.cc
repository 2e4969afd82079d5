#include "workers/localization/map_resize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace camsweep {
namespace {

TEST(MinMaxTest, OneValueThatIsNotFiniteMakesAMapConstant) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    for (size_t at = 0; at < 21; ++at) {
      ScoreMap map{3, 7, {}};
      for (int i = 0; i < 21; ++i) map.values.push_back(i);
      map.values[at] = bad;

      const Normalized result = min_max(map);

      EXPECT_TRUE(result.constant);
      EXPECT_EQ(result.map.values, std::vector<double>(21, 0.0));
    }
  }
}

TEST(MinMaxTest, LowestAndHighestBecomeZeroAndOneWhereverTheyStand) {
  for (size_t low = 0; low < 19; ++low) {
    const size_t high = (low + 7) % 19;
    ScoreMap map{19, 1, std::vector<double>(19, 5.0)};
    map.values[low] = -3;
    map.values[high] = 13;

    const Normalized result = min_max(map);

    EXPECT_EQ(result.map.values[low], 0);
    EXPECT_EQ(result.map.values[high], 1);
    EXPECT_EQ(result.map.values[(low + 1) % 19], 0.5);
  }
}

TEST(RaiseToLevelsTest, IsTheResizedStretchedQuantizedMap) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(-3, 8);
  for (const int side : {1, 2, 7, 28}) {
    ScoreMap map{side, side + 3, std::vector<double>(static_cast<size_t>(side * (side + 3)))};
    for (double& value : map.values) value = uniform(random);
    for (const MapFilter filter : {MapFilter::kBilinear, MapFilter::kBicubic}) {
      const LevelMap levels = raise_to_levels(map, 61, 50, filter);
      EXPECT_EQ(levels.levels, quantize(min_max(resize_map(map, 61, 50, filter)).map).levels) << side;
      EXPECT_EQ(levels.max(), 255);
    }
  }
}

TEST(RaiseToLevelsTest, ConstantMapsAndMapsWithNaNBecomeZeros) {
  const ScoreMap constant{2, 2, {0.3, 0.3, 0.3, 0.3}};
  const ScoreMap broken{2, 2, {0.3, std::nan(""), 0.3, 0.1}};
  for (const ScoreMap& map : {constant, broken}) {
    EXPECT_EQ(raise_to_levels(map, 9, 9, MapFilter::kBicubic).levels, std::vector<uint8_t>(81, 0));
  }
}

// Numbers below: cv2.resize of OpenCV 4.6 on float64 maps.
TEST(MapResizeTest, BilinearIsOpenCvs) {
  const ScoreMap line = resize_map({1, 4, {0, 1, 2, 3}}, 1, 8, MapFilter::kBilinear);

  EXPECT_EQ(line.values, (std::vector<double>{0, .25, .75, 1.25, 1.75, 2.25, 2.75, 3}));
}

TEST(MapResizeTest, BilinearKeepsTheBorderConstant) {
  std::vector<double> ramp(12);
  for (size_t i = 0; i < 12; ++i) ramp[i] = static_cast<double>(i);

  const ScoreMap line = resize_map({1, 12, ramp}, 1, 384, MapFilter::kBilinear);

  EXPECT_EQ(line.values[15], 0);
  EXPECT_GT(line.values[16], 0);
  EXPECT_EQ(line.values[368], 11);
  EXPECT_LT(line.values[367], 11);
}

TEST(MapResizeTest, BicubicIsOpenCvs) {
  const ScoreMap map = {3, 4, {0, -.5, .5, 6, 4, -2.5, 1.5, 14, 8, -4.5, 2.5, 22}};

  const ScoreMap resized = resize_map(map, 5, 7, MapFilter::kBicubic);

  const std::vector<double> first = {-0.39154187021513565, -0.40189067785669863, -0.3452363656547064,
                                     -0.3974994607269764,  0.7131269649411607,   3.630675460370682,
                                     5.711014346603861};
  const std::vector<double> middle = {4.644905060529709,  1.539176732301712, -2.3128642439842224, -2.28125,
                                      2.3999675810337067, 9.986698925495148, 15.240205764770508};
  // Weights are float32 as OpenCV's, sums are double: only their order may differ.
  for (size_t x = 0; x < 7; ++x) {
    EXPECT_NEAR(resized.at(0, static_cast<int>(x)), first[x], 1e-12);
    EXPECT_NEAR(resized.at(2, static_cast<int>(x)), middle[x], 1e-12);
  }
}

TEST(MapResizeTest, NearestRoundsAsOpenCvDoes) {
  const std::vector<int> indices = nearest_indices(1600, 224);

  // floor(7 * 1600 / 224) would be 50, 98 * 1600 / 224 is 700 exactly.
  EXPECT_EQ(std::vector<int>(indices.begin(), indices.begin() + 8), (std::vector<int>{0, 7, 14, 21, 28, 35, 42, 50}));
  EXPECT_EQ(indices[14], 100);
}

}  // namespace
}  // namespace camsweep

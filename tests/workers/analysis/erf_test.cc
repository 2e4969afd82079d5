#include "workers/analysis/erf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace camsweep {
namespace {

constexpr int kSide = 1024;

ScoreMap map_of(const std::function<double(int, int)>& value) {
  ScoreMap map{kSide, kSide, {}};
  map.values.reserve(size_t{kSide} * kSide);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) map.values.push_back(value(y, x));
  }
  return map;
}

double gaussian(int y, int x) {
  const double d2 = (y - 512.0) * (y - 512.0) + (x - 512.0) * (x - 512.0);
  return std::exp(-d2 / (2 * 100.0 * 100.0));
}

std::vector<int> sides_of(const std::vector<ErfSize>& sizes) {
  std::vector<int> sides;
  for (const ErfSize& size : sizes) sides.push_back(size.side);
  return sides;
}

// Reference numbers: spec protocol, 15.4, computed with NumPy after analyze_erf.py; six digits are given there.
TEST(ErfTest, UniformContribution) {
  const std::vector<ErfSize> sizes = erf_sizes(map_of([](int, int) { return 1.0; }));

  EXPECT_EQ(sides_of(sizes), (std::vector<int>{325, 459, 561, 649, 725, 795, 857, 917, 973, 999, 1019}));
  EXPECT_NEAR(erf_auc(sizes), 0.486300, 1e-6);
  EXPECT_NEAR(erf_side_auc(sizes, kSide), 0.635605, 1e-6);
}

TEST(ErfTest, OnePixel) {
  const std::vector<ErfSize> sizes = erf_sizes(map_of([](int y, int x) { return y == 512 && x == 512 ? 1.0 : 0.0; }));

  EXPECT_EQ(sides_of(sizes), std::vector<int>(11, 3));
  EXPECT_NEAR(erf_auc(sizes), 0.89 * 9 / (1024.0 * 1024.0), 1e-12);
}

TEST(ErfTest, Gaussian) {
  const std::vector<ErfSize> sizes = erf_sizes(map_of(gaussian));

  EXPECT_EQ(sides_of(sizes), (std::vector<int>{83, 119, 151, 181, 211, 243, 279, 325, 391, 449, 563}));
  EXPECT_NEAR(erf_auc(sizes), 0.059984, 1e-6);
}

TEST(ErfTest, LogarithmFlattensALargeGaussian) {
  const std::vector<ErfSize> sizes = erf_sizes(log_scaled(map_of([](int y, int x) { return 1000 * gaussian(y, x); })));

  EXPECT_EQ(sides_of(sizes), (std::vector<int>{155, 223, 277, 327, 375, 421, 471, 527, 601, 659, 761}));
  EXPECT_NEAR(erf_auc(sizes), 0.156878, 1e-6);
}

TEST(ErfTest, SizesThatNoSquareReachesAreTheWholeImage) {
  // All of it in the first row, which no centred square of an even side covers.
  const std::vector<ErfSize> sizes = erf_sizes(map_of([](int y, int) { return y == 0 ? 1.0 : 0.0; }));

  for (const ErfSize& size : sizes) {
    EXPECT_FALSE(size.defined);
    EXPECT_EQ(size.ratio, 1);
  }
}

}  // namespace
}  // namespace camsweep

#include "workers/localization/pxap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "schemas/error.h"
#include "workers/localization/box_accuracy.h"

namespace camsweep {
namespace {

std::vector<PixelLabel> half_foreground() {
  std::vector<PixelLabel> labels(100, PixelLabel::kBackground);
  for (size_t i = 0; i < 30; ++i) labels[i] = PixelLabel::kForeground;
  for (size_t i = 30; i < 40; ++i) labels[i] = PixelLabel::kIgnore;
  return labels;
}

TEST(ThresholdBinsTest, BeginAtTheGridsValuesToTheLastBit) {
  for (const double step : {0.001, 0.01, 0.1, 0.3}) {
    const ThresholdBins bins(step);
    std::vector<double> edges = threshold_grid(step);
    edges.push_back(1);

    ASSERT_EQ(bins.count(), edges.size());
    std::vector<int64_t> at(edges.size()), below(edges.size());
    bins.find(edges, at.data());
    std::transform(edges.begin(), edges.end(), edges.begin(), [](double edge) { return std::nextafter(edge, 0); });
    bins.find(edges, below.data());

    for (int64_t i = 0; i < static_cast<int64_t>(edges.size()); ++i) {
      EXPECT_EQ(at[static_cast<size_t>(i)], i) << step;
      EXPECT_EQ(below[static_cast<size_t>(i)], std::max<int64_t>(0, i - 1)) << step;
    }
  }
}

TEST(ThresholdBinsTest, AreThoseThatASearchInTheGridFinds) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> values(4099);
  for (double& value : values) value = uniform(random);
  for (const double step : {0.001, 0.007, 0.3, 0.9}) {
    std::vector<double> edges = threshold_grid(step);
    edges.push_back(1);
    std::vector<int64_t> found(values.size());
    ThresholdBins(step).find(values, found.data());

    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(found[i], std::upper_bound(edges.begin(), edges.end(), values[i]) - edges.begin() - 1) << values[i];
    }
  }
}

TEST(PixelPrecisionTest, ConstantMapsScoreTheShareOfForeground) {
  for (const double value : {0., .5, 1.}) {
    PixelPrecision precision(0.1);
    precision.add({10, 10, std::vector<double>(100, value)}, half_foreground());
    EXPECT_NEAR(precision.pxap(), 100.0 * 30 / 90, 1e-9) << value;
  }
}

TEST(PixelPrecisionTest, PerfectMapsScoreHundredWhateverIgnoredPixelsSay) {
  for (const double ignored : {0., 1.}) {
    ScoreMap map{10, 10, std::vector<double>(100, 0)};
    for (size_t i = 0; i < 40; ++i) map.values[i] = i < 30 ? 1 : ignored;
    PixelPrecision precision(0.1);
    precision.add(map, half_foreground());
    EXPECT_EQ(precision.pxap(), 100);
  }
}

TEST(PixelPrecisionTest, TheLastOfAnOddNumberOfPixelsCounts) {
  PixelPrecision precision(0.1);
  precision.add({1, 3, {0.2, 0.9, 0.9}}, {PixelLabel::kBackground, PixelLabel::kForeground, PixelLabel::kBackground});

  EXPECT_EQ(precision.pxap(), 50);
}

TEST(PixelPrecisionTest, NoForegroundIsAnError) {
  PixelPrecision precision(0.1);
  precision.add({1, 2, {0, 1}}, {PixelLabel::kBackground, PixelLabel::kIgnore});

  EXPECT_THROW(precision.pxap(), ConfigError);
}

}  // namespace
}  // namespace camsweep

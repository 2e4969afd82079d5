#include "workers/analysis/activation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "workers/analysis/pca_job.h"

namespace camsweep {
namespace {

double metric(const JobSuccess& success, const std::string& name) {
  for (const Metric& entry : success.metrics) {
    if (entry.name == name) return entry.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

TEST(ActivationTest, AreasCountPositionsStrictlyAboveTheThreshold) {
  const at::Tensor features = at::tensor({0., 10., 11., 100., 5., 5., 5., 5.}, at::kDouble).view({2, 2, 2});

  const std::vector<ActivationPoint> points = activation_points(features, at::tensor({.5, -1.}, at::kDouble), 10);

  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].weight, .5);
  EXPECT_EQ(points[0].gap, 30.25);
  EXPECT_EQ(points[0].area_raw, .5);     // 11, 100
  EXPECT_EQ(points[0].area_image, .75);  // 10 of 100 is 25.5 of 255
  EXPECT_EQ(points[0].area_map, .75);
  EXPECT_EQ(points[1].area_raw, 0);
  EXPECT_EQ(points[1].area_image, 1);  // 12.75
  EXPECT_EQ(points[1].area_map, 0);
  EXPECT_FALSE(points[0].constant);
  EXPECT_TRUE(points[1].constant);
}

TEST(ActivationTest, CorrelationAndQuantilesOfALine) {
  std::vector<ActivationPoint> points;
  for (int i = 0; i <= 100; ++i) points.push_back({i / 100.0, 0, 1 - i / 100.0, 0, 0});

  const JobSuccess success = summarize(points);

  EXPECT_NEAR(metric(success, "activation.pearson_abs_w_area"), -1, 1e-12);
  EXPECT_NEAR(metric(success, "activation.area_mean"), .5, 1e-12);
  ASSERT_EQ(success.curves.size(), 3u);
  EXPECT_EQ(success.curves[1].name, "activation.area_q50");
  ASSERT_EQ(success.curves[1].x.size(), 20u);
  EXPECT_NEAR(success.curves[1].x[0], .025, 1e-12);
  EXPECT_NEAR(success.curves[1].y[0], .98, 1e-12);  // median of 1, .99, ..., .96
}

TEST(ActivationTest, DeadChannelsAreCountedAndGiveNoNumberThatIsNone) {
  const at::Tensor weights = at::tensor({.5, .5}, at::kDouble);
  for (const double value : {0., -3., 7.}) {
    const JobSuccess success = summarize(activation_points(at::full({2, 3, 3}, value, at::kDouble), weights, 10));

    EXPECT_EQ(metric(success, "activation.constant_maps"), 2);
    for (const Metric& entry : success.metrics) {
      EXPECT_TRUE(std::isfinite(entry.value)) << entry.name;
      EXPECT_NE(entry.name, "activation.pearson_abs_w_area");
    }
    for (const Curve& curve : success.curves) EXPECT_EQ(curve.y, std::vector<double>{0}) << curve.name;
  }
}

TEST(ActivationTest, DensityHasTheWeightToTheRightAndTheValueUpwards) {
  std::vector<ActivationPoint> points = {{.weight = -1, .gap = 0}, {.weight = 1, .gap = 4}, {.weight = 1, .gap = 4}};

  const ScoreMap map = point_density(points, &ActivationPoint::gap);

  EXPECT_NEAR(map.at(kDensityBins - 1, 0), std::log(2) / std::log(3), 1e-15);
  EXPECT_EQ(map.at(0, kDensityBins - 1), 1);
  EXPECT_EQ(std::count(map.values.begin(), map.values.end(), 0.0), kDensityBins * kDensityBins - 2);
}

const Curve& curve_named(const JobSuccess& success, const std::string& name) {
  return *std::find_if(success.curves.begin(), success.curves.end(), [&](const Curve& c) { return c.name == name; });
}

TEST(PcaTest, DensityIsThatOfAGaussianKernelWithScottsBandwidth) {
  ContributionRates rates;
  for (const double rate : {.52, .61, .58, .7, .66, .49, .55, .63}) rates.rates.push_back({0, {rate, 0, 1}});

  const Curve& density = curve_named(summarize(rates), "pca.rate_density");

  // scipy.stats.gaussian_kde of SciPy 1.17.1, which the same formula in double matches to rounding.
  ASSERT_EQ(density.x.size(), 201u);
  EXPECT_NEAR(density.y[100], 2.953017306651889, 1e-12);
  EXPECT_NEAR(density.y[120], 4.372034456915528, 1e-12);
  EXPECT_NEAR(density.y[160], 0.1249274861309697, 1e-12);
}

TEST(PcaTest, ImagesWithoutAComponentGiveNoNumberThatIsNone) {
  ContributionRates rates;
  rates.rates = {{0, {0, 3, 0}}, {1, {0, 4, 0}}};

  const JobSuccess success = summarize(rates);

  EXPECT_EQ(metric(success, "pca.without_component"), 2);
  EXPECT_EQ(metric(success, "pca.dropped_channels"), 7);
  for (const Metric& entry : success.metrics) EXPECT_TRUE(std::isfinite(entry.value)) << entry.name;
}

TEST(PcaTest, RatesAreSummedOverImagesThatHaveAComponent) {
  ContributionRates rates;
  rates.rates = {{0, {.2, 1, 1}}, {1, {.6, 0, 1}}, {2, {0, 3, 0}}};

  const JobSuccess success = summarize(rates);

  EXPECT_NEAR(metric(success, "pca.rate_mean"), .4, 1e-15);
  EXPECT_NEAR(metric(success, "pca.rate_std"), .2 * std::sqrt(2), 1e-15);
  EXPECT_EQ(metric(success, "pca.images"), 3);
  EXPECT_EQ(metric(success, "pca.without_component"), 1);
  EXPECT_EQ(metric(success, "pca.dropped_channels"), 4);
  EXPECT_EQ(success.curves[0].y[10], 1);
  EXPECT_EQ(success.curves[0].y[30], 1);
}

}  // namespace
}  // namespace camsweep

#include "workers/analysis/activation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(points[1].area_map, 0);    // constant
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

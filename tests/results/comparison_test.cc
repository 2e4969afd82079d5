#include "results/comparison.h"

#include <gtest/gtest.h>

#include "results/plot.h"
#include "schemas/error.h"
#include "tests/results/planned_sweep.h"

namespace camsweep {
namespace {

const std::string kMetric = "cam.maxboxacc";

std::vector<std::pair<double, double>> points(const Series& series) {
  std::vector<std::pair<double, double>> all;
  for (const SeriesPoint& point : series) all.emplace_back(point.x, point.y.mean);
  return all;
}

class ComparisonTest : public PlannedSweep {
 protected:
  ComparedCell cell() { return read_comparison(folder_).cells.at(0); }

  static JobSuccess with_curve(double y) {
    JobSuccess success;
    success.curves = {{.name = "erf.ratio", .x_name = "t", .x = {0.5}, .y = {y}}};
    return success;
  }

  const Link train_ = {"c", 0, 0, "train"};
  const Link maps_ = {"c", 0, 1, "maps"};
  const Link same_maps_ = {"c", 0, 2, "maps"};
  const Link other_maps_ = {"c", 0, 2, "others"};
};

TEST_F(ComparisonTest, EntriesThatAreOneJobReportOneResult) {
  plan({train_, maps_, same_maps_});
  finish(maps_, kMetric, 60);

  EXPECT_TRUE(cell().repeated.empty());
  EXPECT_EQ(cell().metrics.at(kMetric).n, 1);
}

TEST_F(ComparisonTest, EntriesOfDifferentJobsAreRepeated) {
  plan({train_, maps_, other_maps_});
  finish(maps_, kMetric, 60);
  finish(other_maps_, kMetric, 70);

  EXPECT_TRUE(cell().repeated.contains(kMetric));
}

TEST_F(ComparisonTest, ReplicatesOfTwoEntriesAreNotMixed) {
  plan({train_, maps_, other_maps_, {"c", 1, 0, "train"}, {"c", 1, 1, "maps"}, {"c", 1, 2, "others"}});
  finish(maps_, kMetric, 60);
  finish({"c", 1, 2, "others"}, kMetric, 70);

  EXPECT_TRUE(cell().repeated.contains(kMetric));
}

TEST_F(ComparisonTest, CurvesOfTwoEntriesAreNotAveraged) {
  plan({train_, maps_, other_maps_});
  finish(maps_, with_curve(0.25));
  EXPECT_EQ(points(cell().curves.at("erf.ratio")), (std::vector<std::pair<double, double>>{{0.5, 0.25}}));

  finish(other_maps_, with_curve(0.75));

  EXPECT_TRUE(cell().curves.empty());
  EXPECT_THROW(plot_data(read_comparison(folder_), plot_spec("erf")), ConfigError);
}

TEST_F(ComparisonTest, HistoriesOfTwoEntriesAreNotAveraged) {
  const Link early = {"c", 0, 1, "maps", 1};
  const Link other = {"c", 0, 2, "others", 1};
  plan({train_, early, other});
  finish(early, kMetric, 60);
  finish(other, kMetric, 70);

  EXPECT_TRUE(cell().histories.empty());
  EXPECT_THROW(plot_data(read_comparison(folder_), plot_spec(Json{{"history", {{"metric", kMetric}}}})), ConfigError);
}

TEST_F(ComparisonTest, TheFinalWeightsAreTheLastPointOfAHistoryOverSnapshots) {
  const Link early = {"c", 0, 1, "maps", 1};
  plan({train_, early, maps_, same_maps_});
  finish(early, kMetric, 50);
  finish(maps_, kMetric, 60);

  EXPECT_EQ(points(cell().histories.at(kMetric)), (std::vector<std::pair<double, double>>{{1, 50}, {3, 60}}));
}

TEST_F(ComparisonTest, AnotherEntryOfTheFinalWeightsIsNoPointOfTheHistory) {
  const Link early = {"c", 0, 1, "maps", 1};
  plan({train_, early, other_maps_});
  finish(early, kMetric, 50);
  finish(other_maps_, kMetric, 60);

  EXPECT_EQ(points(cell().histories.at(kMetric)), (std::vector<std::pair<double, double>>{{1, 50}}));
}

TEST_F(ComparisonTest, WithoutSnapshotsThereIsNoHistory) {
  plan({train_, maps_});
  finish(train_, "test.top1", 80);
  finish(maps_, kMetric, 60);

  EXPECT_TRUE(cell().histories.empty());
}

TEST_F(ComparisonTest, ACellCountsTheReplicatesThatItsSweepLists) {
  plan({train_, maps_, {"c", 1, 0, "train"}, {"c", 1, 1, "maps"}});
  finish(maps_, kMetric, 60);

  EXPECT_EQ(cell().seeds, 2);
  EXPECT_EQ(cell().metrics.at(kMetric).n, 1);
}

}  // namespace
}  // namespace camsweep

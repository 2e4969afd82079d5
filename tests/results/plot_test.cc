#include "results/plot.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <tuple>

#include "results/gnuplot.h"
#include "results/palette.h"
#include "results/plot_axis.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/results/comparison_fixture.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

const Json kBars = Json::parse(R"({"bars": {"metric": "cam.maxboxacc", "by": "augmentation"}})");

TEST(PlotTest, BarsGroupByOneParameterAndCarryTheDeviation) {
  const PlotData data = plot_data(small_comparison(), plot_spec(kBars));

  ASSERT_EQ(data.series.size(), 2u);
  EXPECT_EQ(data.x_labels, (std::vector<std::string>{"resnet_k3", "replknet_k13"}));
  EXPECT_EQ(data.series[0].points[1].y, 72.5);
  EXPECT_EQ(data.series[0].points[1].y_error, 2.0);
  EXPECT_EQ(data.deviations, "mean ± s.d., n = 3");
}

TEST(PlotTest, ABarThatIsNotThereSaysWhy) {
  Comparison comparison = small_comparison();
  EXPECT_EQ(plot_data(comparison, plot_spec(kBars)).series[1].points[1].missing, "not run yet");

  comparison.cells[3].failed_stages = {"localize"};
  EXPECT_EQ(plot_data(comparison, plot_spec(kBars)).series[1].points[1].missing, "failed");
}

TEST(PlotTest, BarsOfBoxAccuracyStandBesideTheFloorsThatAllCellsShare) {
  Comparison comparison = small_comparison();
  const PlotData data = plot_data(comparison, plot_spec(kBars));
  ASSERT_EQ(data.levels.size(), 2u);
  EXPECT_EQ(data.levels[0].y, 41.5);
  EXPECT_EQ(data.levels[1].y, 69.75);

  comparison.cells[0].metrics["floor.centred"].mean = 50;
  EXPECT_EQ(plot_data(comparison, plot_spec(kBars)).levels.size(), 1u);
}

TEST(PlotTest, BarsRefuseCellsThatWouldShareABar) {
  EXPECT_THROW(plot_data(small_comparison(), plot_spec(Json::parse(R"({"bars": {"metric": "cam.maxboxacc"}})"))),
               ConfigError);
}

TEST(PlotTest, BarsTakeInTheZeroLineWhateverTheirSign) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.metrics["x.change"] = {.mean = -5, .std = std::nullopt, .n = 1};
  const PlotSpec below = plot_spec(Json::parse(R"({"bars": {"metric": "x.change", "by": "augmentation"}})"));

  EXPECT_EQ(y_range(plot_data(comparison, below)).high, 0);
  EXPECT_EQ(y_range(plot_data(comparison, plot_spec(kBars))).low, 0);
}

TEST(PlotTest, HistoryHasALinePerCellWithItsDeviation) {
  Comparison comparison = small_comparison();
  comparison.cells[0].histories["train.loss"] = {{1, *summarize({3.0, 5.0})}, {2, *summarize({2.0, 2.0})}};

  const PlotData data = plot_data(comparison, plot_spec("history"));

  ASSERT_EQ(data.series.size(), 1u);
  EXPECT_EQ(data.series[0].points[0].y, 4.0);
  EXPECT_NEAR(*data.series[0].points[0].y_error, 1.4142135623730951, 1e-15);  // sample deviation of 3 and 5
  EXPECT_EQ(data.deviations, "mean ± s.d., n = 2");
}

Series series_of(const std::vector<std::pair<double, double>>& points) {
  Series series;
  for (const auto& [x, y] : points) series.push_back({x, *summarize({y})});
  return series;
}

TEST(PlotTest, RatesOfPc1AreADensityOverTheirHistogram) {
  Comparison comparison = small_comparison();
  comparison.cells[0].curves["pca.rate_density"] = series_of({{0, 0.5}, {0.5, 1.5}, {1, 0.5}});
  comparison.cells[0].curves["pca.rate_histogram"] = series_of({{0.125, 1}, {0.375, 3}, {0.625, 4}, {0.875, 0}});

  const PlotData data = plot_data(comparison, plot_spec("pca"));

  ASSERT_EQ(data.series.size(), 2u);
  EXPECT_EQ(data.series[0].stroke, Stroke::kLine);
  EXPECT_EQ(data.series[1].stroke, Stroke::kSteps);
  EXPECT_EQ(data.series[1].colour, data.series[0].colour);
  EXPECT_EQ(data.series[1].points[1].y, 1.5);  // 3 of 8 in a quarter of 0..1
}

TEST(PlotTest, ActivatedAreaIsAMedianBetweenQuantiles) {
  Comparison comparison = small_comparison();
  for (const char* name : {"activation.area_q05", "activation.area_q50", "activation.area_q95"}) {
    comparison.cells[0].curves[name] = series_of({{-0.1, 0.2}, {0.1, 0.3}});
  }

  const PlotData data = plot_data(comparison, plot_spec("activation"));

  ASSERT_EQ(data.series.size(), 3u);
  EXPECT_EQ(data.series[0].stroke, Stroke::kLine);
  EXPECT_EQ(data.series[1].stroke, Stroke::kDotted);
  EXPECT_TRUE(data.series[2].title.empty());
  EXPECT_TRUE(data.series[2].name.ends_with(", 95 % quantile")) << data.series[2].name;
  EXPECT_THROW(plot_data(small_comparison(), plot_spec("activation")), ConfigError);
}

TEST(PlotTest, CellsOfOneFamilyDifferInMarkOrShade) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.family = "resnet";
  for (ComparedCell& cell : comparison.cells) cell.histories["train.loss"] = {{1, *summarize({3.0})}};

  const PlotData data = plot_data(comparison, plot_spec("history"));

  std::set<std::tuple<std::string, bool, int>> looks;
  for (const PlotSeries& series : data.series) looks.emplace(series.colour, series.hollow, series.variant);
  EXPECT_EQ(looks.size(), data.series.size());
}

TEST(PlotTest, WhereAllAreOfOneFamilyColoursTellTheCellsApart) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.parameters["augmentation"] = true;
  for (ComparedCell& cell : comparison.cells) cell.family = "resnet";
  for (ComparedCell& cell : comparison.cells) cell.histories["train.loss"] = {{1, *summarize({3.0})}};

  const PlotData data = plot_data(comparison, plot_spec("history"));

  ASSERT_EQ(data.series.size(), 4u);
  EXPECT_EQ(data.series[0].colour, family_colour("resnet"));
  EXPECT_EQ(data.series[1].colour, series_colour(0));
  EXPECT_EQ(data.series[2].colour, series_colour(1));
  EXPECT_EQ(data.series[3].colour, series_colour(2));
}

TEST(PlotTest, ScatterLabelsCellsByWhatColourAndMarkDoNotSay) {
  const PlotSpec spec = plot_spec(Json::parse(R"({"scatter": {"x": "floor.whole_image", "y": "cam.maxboxacc"}})"));

  const PlotData data = plot_data(small_comparison(), spec);

  ASSERT_EQ(data.series.size(), 3u);
  EXPECT_EQ(data.series[0].title, "ResNet, augmentation off");
  EXPECT_TRUE(data.series[0].hollow);
  EXPECT_EQ(data.series[0].points[0].label, "resnet_k3");
}

TEST(PlotTest, UnknownPlotNamesTheKnownOnes) {
  EXPECT_THROW(plot_spec("fig1"), ConfigError);
  EXPECT_THROW(plot_spec(Json::parse(R"({"bars": {"metrc": "x"}})")), ConfigError);
}

TEST(PlotTest, NothingToDrawIsOneSentence) {
  EXPECT_THROW(plot_data(small_comparison(), plot_spec("erf")), ConfigError);
}

class FigureTest : public testing::Test {
 protected:
  FigureTest() : folder_(fs::path(testing::TempDir()) / ("camsweep-figures-" + std::to_string(::getpid()))) {}
  ~FigureTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FigureTest, EveryFormatComesWithItsDataAndScript) {
  const PlotSpec spec = plot_spec(kBars);

  const auto files = draw_figure(plot_data(small_comparison(), spec), spec.name(), folder_,
                                 {FigureFormat::kSvg, FigureFormat::kPdf, FigureFormat::kPng});

  ASSERT_EQ(files.size(), 3u);
  EXPECT_TRUE(read_file(files[0]).find("<svg") != std::string::npos);
  EXPECT_TRUE(read_file(files[1]).starts_with("%PDF"));
  EXPECT_TRUE(read_file(files[2]).starts_with("\x89PNG"));
  EXPECT_NE(read_file(folder_ / (spec.name() + ".csv")).find("resnet_k3,60.25,1.5"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / (spec.name() + ".gp")));
}

TEST_F(FigureTest, NamesOfUsersCannotRunCommands) {
  Comparison comparison = small_comparison();
  const fs::path canary = folder_ / "canary";
  const std::string touch = "touch " + canary.string();
  for (const std::string& hostile :
       {"`" + touch + "`", "'; system('" + touch + "'); '", "\"`" + touch + "`\"", "x'\n!" + touch + "\n",
        "$(" + touch + ")", "{/Symbol a}'.system('" + touch + "').'"}) {
    comparison.cells[0].parameters["backbone"] = hostile;
    for (const char* entry : {R"({"bars": {"metric": "cam.maxboxacc", "by": "augmentation"}})",
                              R"({"scatter": {"x": "floor.whole_image", "y": "cam.maxboxacc"}})"}) {
      const PlotSpec spec = plot_spec(Json::parse(entry));
      draw_figure(plot_data(comparison, spec), spec.name(), folder_, {FigureFormat::kSvg});
      EXPECT_FALSE(fs::exists(canary)) << hostile;
    }
  }
}

}  // namespace
}  // namespace camsweep

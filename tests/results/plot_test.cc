#include "results/plot.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "results/gnuplot.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/results/comparison_fixture.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

TEST(PlotTest, BarsGroupByOneParameterAndCarryTheDeviation) {
  const PlotSpec spec = plot_spec(Json::parse(R"({"bars": {"metric": "cam.maxboxacc", "by": "augmentation"}})"));

  const PlotData data = plot_data(small_comparison(), spec);

  ASSERT_EQ(data.series.size(), 2u);
  EXPECT_EQ(data.x_labels, (std::vector<std::string>{"resnet_k3", "replknet_k13"}));
  EXPECT_EQ(data.series[0].points[1].y, 72.5);
  EXPECT_EQ(data.series[0].points[1].y_error, 2.0);
  EXPECT_NE(data.caption.find("n = 3"), std::string::npos);
}

TEST(PlotTest, BarsRefuseCellsThatWouldShareABar) {
  EXPECT_THROW(plot_data(small_comparison(), plot_spec(Json::parse(R"({"bars": {"metric": "cam.maxboxacc"}})"))),
               ConfigError);
}

TEST(PlotTest, HistoryAveragesReplicatesPerEpoch) {
  Comparison comparison = small_comparison();
  comparison.cells[0].histories["train.loss"] = {{1, 3.0}, {2, 2.0}, {1, 5.0}, {2, 2.0}};

  const PlotData data = plot_data(comparison, plot_spec("history"));

  ASSERT_EQ(data.series.size(), 1u);
  EXPECT_EQ(data.series[0].points[0].y, 4.0);
  EXPECT_NEAR(*data.series[0].points[0].y_error, 1.4142135623730951, 1e-15);  // sample deviation of 3 and 5
}

TEST(PlotTest, UnknownPlotNamesTheKnownOnes) {
  EXPECT_THROW(plot_spec("fig1"), ConfigError);
  EXPECT_THROW(plot_spec(Json::parse(R"({"bars": {"metrc": "x"}})")), ConfigError);
}

TEST(PlotTest, NothingToDrawIsOneSentence) { EXPECT_THROW(plot_data(small_comparison(), plot_spec("erf")), ConfigError); }

class FigureTest : public testing::Test {
 protected:
  FigureTest() : folder_(fs::path(testing::TempDir()) / ("camsweep-figures-" + std::to_string(::getpid()))) {}
  ~FigureTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FigureTest, EveryFormatComesWithItsDataAndScript) {
  const PlotSpec spec = plot_spec(Json::parse(R"({"bars": {"metric": "cam.maxboxacc", "by": "augmentation"}})"));

  const auto files = draw_figure(plot_data(small_comparison(), spec), spec.name(), folder_,
                                 {FigureFormat::kSvg, FigureFormat::kPdf, FigureFormat::kPng});

  ASSERT_EQ(files.size(), 3u);
  EXPECT_TRUE(read_file(files[0]).find("<svg") != std::string::npos);
  EXPECT_TRUE(read_file(files[1]).starts_with("%PDF"));
  EXPECT_TRUE(read_file(files[2]).starts_with("\x89PNG"));
  EXPECT_NE(read_file(folder_ / "bars-cam.maxboxacc.csv").find("\"resnet_k3\",60.25,,1.5"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "bars-cam.maxboxacc.gp"));
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

#include "results/table.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
#include "tests/results/comparison_fixture.h"

namespace camsweep {
namespace {

const TableSpec kSpec{.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"cam.maxboxacc"}};

TEST(TableTest, TextShowsMeanDeviationBestFloorAndWhatIsMissing) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kText);

  EXPECT_EQ(text,
            "backbone      cam.maxboxacc, augmentation off  cam.maxboxacc, augmentation on\n"
            "resnet_k3                         60.2 ± 1.5                      61.0 ± 0.2\n"
            "replknet_k13                      72.5 ± 2.0*                              …\n"
            "* : best\n"
            "floor: whole-image box, MaxBoxAcc (%) 41.5\n"
            "mean ± standard deviation over n = 3 replicates\n"
            "… : not run yet\n");
}

TEST(TableTest, MarkdownMarksTheBestValue) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kMarkdown);

  EXPECT_NE(text.find("| replknet_k13 | **72.5 ± 2.0** | … |\n"), std::string::npos) << text;
}

TEST(TableTest, LatexEscapesNamesAndWritesPlusMinus) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kLatex);

  EXPECT_NE(text.find("resnet\\_k3 & 60.2 $\\pm$ 1.5 & 61.0 $\\pm$ 0.2 \\\\\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\\textbf{72.5 $\\pm$ 2.0}"), std::string::npos) << text;
  EXPECT_NE(text.find("\\toprule"), std::string::npos);
}

TEST(TableTest, CsvKeepsAllDigitsWithDeviationAndCount) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kCsv);

  EXPECT_NE(text.find("resnet_k3,60.25,1.5,3,61,0.25,3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("replknet_k13,72.5,2,3,,,0\n"), std::string::npos) << text;
}

TEST(TableTest, CellsThatShareAFieldNameTheParameterInWhichTheyDiffer) {
  try {
    make_table(small_comparison(), {.rows = {"backbone"}, .columns = {}, .values = {"cam.maxboxacc"}});
    FAIL() << "two cells were put into one field";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("'augmentation'"), std::string::npos) << error.what();
  }
}

TEST(TableTest, UnknownMetricNamesTheNearest) {
  try {
    make_table(small_comparison(), {.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"cam.maxboxac"}});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("cam.maxboxacc"), std::string::npos) << error.what();
  }
}

TEST(TableTest, FailedCellsAreMarkedApartFromPendingOnes) {
  Comparison comparison = small_comparison();
  comparison.cells[3].failed = 1;

  const std::string text = format_table(make_table(comparison, kSpec), TableFormat::kText);

  EXPECT_NE(text.find("✗ : failed"), std::string::npos) << text;
}

TEST(TableTest, CellsSelectedOnTestCarryAMark) {
  Comparison comparison = small_comparison();
  comparison.cells[0].parameters["select_on"] = "test";

  const std::string text = format_table(make_table(comparison, kSpec), TableFormat::kText);

  EXPECT_NE(text.find("60.2 ± 1.5†"), std::string::npos) << text;
  EXPECT_NE(text.find("† : selected on test"), std::string::npos) << text;
}

TEST(TableTest, NumbersAlongAnAxisStandInNumericalOrder) {
  Comparison comparison;
  for (const int epochs : {100, 20, 400}) {
    ComparedCell cell = compared_cell("resnet_k3", true, Summary{.mean = 1, .std = std::nullopt, .n = 1});
    cell.id = std::to_string(epochs);
    cell.parameters["epochs"] = epochs;
    comparison.cells.push_back(cell);
  }

  const Table table = make_table(comparison, {.rows = {"epochs"}, .columns = {}, .values = {"cam.maxboxacc"}});

  EXPECT_EQ(table.rows[0].keys[0], "20");
  EXPECT_EQ(table.rows[2].keys[0], "400");
}

}  // namespace
}  // namespace camsweep

#include "results/table.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
#include "tests/results/comparison_fixture.h"

namespace camsweep {
namespace {

const TableSpec kSpec{.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"cam.maxboxacc"}};

TEST(TableTest, TextShowsMeanDeviationCountBestFloorsAndWhatIsMissing) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kText);

  EXPECT_EQ(text, R"(                      cam.maxboxacc     cam.maxboxacc
backbone           augmentation off   augmentation on
----------------  -----------------  ----------------
resnet_k3          60.2 ± 1.5 (n=3)  61.0 ± 0.2 (n=3)
replknet_k13      *72.5 ± 2.0 (n=3)                 …
----------------  -----------------  ----------------
whole-image box                41.5              41.5
best centred box               69.8              69.8

* best of its column
mean ± sample standard deviation over n replicates
whole-image box, best centred box: what a box gets that ignores the image
… not run yet
in all cells: epochs 20
)");
}

TEST(TableTest, MarkdownMarksTheBestValueAndEscapesNames) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kMarkdown);

  EXPECT_EQ(text, R"(| backbone | CAM MaxBoxAcc (%), augmentation off | CAM MaxBoxAcc (%), augmentation on |
| --- | ---: | ---: |
| resnet\_k3 | 60.2 ± 1.5 (n=3) | 61.0 ± 0.2 (n=3) |
| replknet\_k13 | **72.5 ± 2.0 (n=3)** | … |
| *whole-image box* | 41.5 | 41.5 |
| *best centred box* | 69.8 | 69.8 |

- mean ± sample standard deviation over n replicates
- whole-image box, best centred box: what a box gets that ignores the image
- … not run yet
- in all cells: epochs 20
)");
}

TEST(TableTest, LatexIsABooktabsTableWithEscapedNames) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kLatex);

  EXPECT_EQ(text, R"(% needs \usepackage{booktabs}
\begin{tabular}{lrr}
\toprule
 & \multicolumn{2}{c}{CAM MaxBoxAcc (\%)} \\
\cmidrule(lr){2-3}
backbone & augmentation off & augmentation on \\
\midrule
resnet\_k3 & 60.2 $\pm$ 1.5 (n=3) & 61.0 $\pm$ 0.2 (n=3) \\
replknet\_k13 & \textbf{72.5 $\pm$ 2.0 (n=3)} & \dots{} \\
\midrule
whole-image box & 41.5 & 41.5 \\
best centred box & 69.8 & 69.8 \\
\bottomrule
\end{tabular}

\smallskip
{\footnotesize mean $\pm$ sample standard deviation over n replicates; whole-image box, best centred box: what a box gets that ignores the image; \dots{} not run yet; in all cells: epochs 20}
)");
}

TEST(TableTest, CsvKeepsAllDigitsWithDeviationAndCount) {
  const std::string text = format_table(make_table(small_comparison(), kSpec), TableFormat::kCsv);

  EXPECT_NE(text.find("resnet_k3,60.25,1.5,3,61.0,0.25,3\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("replknet_k13,72.5,2.0,3,,,0\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("whole-image box,41.5,,,41.5,,\r\n"), std::string::npos) << text;
}

TEST(TableTest, CellsThatShareAFieldNameTheParameterInWhichTheyDiffer) {
  try {
    make_table(small_comparison(), {.rows = {"backbone"}, .columns = {}, .values = {"cam.maxboxacc"}});
    FAIL() << "two cells were put into one field";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("'augmentation'"), std::string::npos) << error.what();
  }
}

TEST(TableTest, AMeanOverSomeOfTheReplicatesSaysOfHowMany) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.seeds = 3;
  comparison.cells[0].metrics["cam.maxboxacc"] = {.mean = 80, .std = std::nullopt, .n = 1};
  comparison.cells[2].metrics["cam.maxboxacc"].n = 2;

  const Table table = make_table(comparison, kSpec);

  const std::string text = format_table(table, TableFormat::kText);
  EXPECT_NE(text.find("*80.0 (n=1 of 3)"), std::string::npos) << text;
  EXPECT_NE(text.find("72.5 ± 2.0 (n=2 of 3)"), std::string::npos) << text;
  EXPECT_NE(text.find("61.0 ± 0.2 (n=3)"), std::string::npos) << text;
  EXPECT_NE(text.find("n=1 of 2: other replicates"), std::string::npos) << text;
  EXPECT_NE(format_table(table, TableFormat::kMarkdown).find("**80.0 (n=1 of 3)**"), std::string::npos);
  EXPECT_NE(format_table(table, TableFormat::kLatex).find("\\textbf{80.0 (n=1 of 3)}"), std::string::npos);
  EXPECT_EQ(to_json(table).at("fields").at(0).at("of"), 3);
}

TEST(TableTest, UnknownMetricNamesTheNearest) {
  try {
    make_table(small_comparison(), {.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"cam.maxboxac"}});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("cam.maxboxacc"), std::string::npos) << error.what();
  }
}

TEST(TableTest, AFieldSaysWhyItIsEmpty) {
  Comparison comparison = small_comparison();
  ComparedCell& cell = comparison.cells[3];
  EXPECT_EQ(make_table(comparison, kSpec).rows[1].fields[1].missing, Missing::kPending);

  cell.pending_stages.clear();
  EXPECT_EQ(make_table(comparison, kSpec).rows[1].fields[1].missing, Missing::kNotReported);

  cell.failed_stages = {"localize"};
  EXPECT_EQ(make_table(comparison, kSpec).rows[1].fields[1].missing, Missing::kFailed);

  cell.failed_stages = {"erf"};  // which does not report the metric
  EXPECT_EQ(make_table(comparison, kSpec).rows[1].fields[1].missing, Missing::kNotReported);

  comparison.cells.pop_back();
  EXPECT_EQ(make_table(comparison, kSpec).rows[1].fields[1].missing, Missing::kNotInGrid);
}

TEST(TableTest, CellsSelectedOnTestCarryAMark) {
  Comparison comparison = small_comparison();
  comparison.cells[0].parameters["select_on"] = "test";

  const std::string text = format_table(make_table(comparison, kSpec), TableFormat::kText);

  EXPECT_NE(text.find("60.2 ± 1.5 (n=3)†"), std::string::npos) << text;
  EXPECT_NE(text.find("† selected on the test split"), std::string::npos) << text;
}

TEST(TableTest, ValuesThatReadLikeTheBestOneAreBestToo) {
  Comparison comparison = small_comparison();
  comparison.cells[0].metrics["cam.maxboxacc"].mean = 72.46;  // 72.5 as shown

  const Table table = make_table(comparison, kSpec);

  EXPECT_TRUE(table.rows[0].fields[0].best);
  EXPECT_TRUE(table.rows[1].fields[0].best);
}

TEST(TableTest, NothingIsBestOfAMetricWithoutADirection) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.metrics["erf.auc"] = {.mean = 0.2, .std = std::nullopt, .n = 1};

  const Table table =
      make_table(comparison, {.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"erf.auc"}});

  EXPECT_FALSE(table.rows[0].fields[0].best);
  EXPECT_TRUE(table.floors.empty());
}

TEST(TableTest, AMetricThatTwoAnalysesReportIsRefused) {
  Comparison comparison = small_comparison();
  comparison.cells[0].repeated.insert("cam.maxboxacc");

  EXPECT_THROW(make_table(comparison, kSpec), ConfigError);
}

TEST(TableTest, WhatAllCellsShareIsANoteUnlessItIsADefault) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) cell.parameters["resolution"] = 96;

  const Table table = make_table(comparison, kSpec);

  EXPECT_NE(table.notes.back().find("resolution 96"), std::string::npos) << table.notes.back();
}

TEST(TableTest, WhatTheRecipeOfAllCellsSaysIsNoNoteOfItsOwn) {
  Comparison comparison = small_comparison();
  for (ComparedCell& cell : comparison.cells) {
    cell.parameters.update(
        {{"recipe", "wsol-2020"}, {"optimizer", "sgd"}, {"weight_decay", 1e-4}, {"lr", 0.05}, {"head_lr", 1}});
  }

  const Table table = make_table(comparison, kSpec);

  EXPECT_EQ(table.notes.back(), "in all cells: recipe wsol-2020, epochs 20, lr 0.05, head_lr 1");
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

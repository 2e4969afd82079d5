// Which job counts for which entry of a cell and seed, over several plans of one sweep.
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "results/comparison.h"
#include "tests/results/planned_sweep.h"

namespace camsweep {
namespace {

class LinksTest : public PlannedSweep {
 protected:
  // As the database holds them.
  std::set<std::tuple<std::string, int64_t, int, std::string>> links() {
    Database database(folder_ / "results.db", Database::Mode::kReadOnly);
    Statement rows(database,
                   "SELECT cell, cell_jobs.seed, entry, json_extract(identity, '$.parameters.what') FROM cell_jobs"
                   " JOIN jobs ON jobs.id = job");
    std::set<std::tuple<std::string, int64_t, int, std::string>> all;
    while (rows.step()) all.emplace(rows.text(0), rows.integer(1), static_cast<int>(rows.integer(2)), rows.text(3));
    return all;
  }

  using Links = std::set<std::tuple<std::string, int64_t, int, std::string>>;
};

TEST_F(LinksTest, ReorderedAnalysesAreLinkedOnce) {
  plan({{"c", 0, 0, "train"}, {"c", 0, 1, "maps"}, {"c", 0, 2, "erf"}});
  finish({"c", 0, 1, "maps"}, "cam.maxboxacc", 60);

  plan({{"c", 0, 0, "train"}, {"c", 0, 1, "erf"}, {"c", 0, 2, "maps"}});

  EXPECT_EQ(links(), (Links{{"c", 0, 0, "train"}, {"c", 0, 1, "erf"}, {"c", 0, 2, "maps"}}));
  const ComparedCell cell = read_comparison(folder_).cells.at(0);
  EXPECT_TRUE(cell.repeated.empty());
  EXPECT_EQ(cell.metrics.at("cam.maxboxacc").mean, 60);
}

TEST_F(LinksTest, AnInsertedAnalysisMovesTheOthers) {
  plan({{"c", 0, 0, "train"}, {"c", 0, 1, "maps"}});
  plan({{"c", 0, 0, "train"}, {"c", 0, 1, "erf"}, {"c", 0, 2, "maps"}});

  EXPECT_EQ(links(), (Links{{"c", 0, 0, "train"}, {"c", 0, 1, "erf"}, {"c", 0, 2, "maps"}}));

  plan({{"c", 0, 0, "train"}, {"c", 0, 1, "maps"}});

  EXPECT_EQ(links(), (Links{{"c", 0, 0, "train"}, {"c", 0, 1, "maps"}}));
}

TEST_F(LinksTest, ResultsOfOlderDataAreNoReplicatesAfterAPartialRun) {
  plan({{"a", 0, 0, "old a"}, {"b", 0, 0, "old b"}});
  finish({"a", 0, 0, "old a"}, "test.top1", 60);
  finish({"b", 0, 0, "old b"}, "test.top1", 50);

  plan({{"a", 0, 0, "new a"}}, /*partial=*/true);
  finish({"a", 0, 0, "new a"}, "test.top1", 70);

  EXPECT_EQ(links(), (Links{{"a", 0, 0, "new a"}, {"b", 0, 0, "old b"}}));
  const Comparison comparison = read_comparison(folder_);
  for (const ComparedCell& cell : comparison.cells) {
    EXPECT_EQ(cell.metrics.at("test.top1").mean, cell.id == "a" ? 70 : 50);
    EXPECT_EQ(cell.metrics.at("test.top1").n, 1);
  }

  plan({{"a", 0, 0, "new a"}, {"b", 0, 0, "new b"}});

  EXPECT_EQ(links(), (Links{{"a", 0, 0, "new a"}, {"b", 0, 0, "new b"}}));
}

TEST_F(LinksTest, APartialRunLeavesOtherSeedsAndARunAgainChangesNothing) {
  const std::vector<Link> all = {{"a", 0, 0, "train"}, {"a", 0, 1, "maps"}, {"a", 1, 0, "train"}, {"a", 1, 1, "maps"}};
  plan(all);
  plan({all[0], all[1]}, /*partial=*/true);
  EXPECT_EQ(links().size(), 4U);

  plan(all);
  EXPECT_EQ(links().size(), 4U);
}

TEST_F(LinksTest, DataThatCameBackCountsAgain) {
  plan({{"a", 0, 0, "old"}});
  finish({"a", 0, 0, "old"}, "test.top1", 60);
  plan({{"a", 0, 0, "new"}});

  plan({{"a", 0, 0, "old"}});

  EXPECT_EQ(links(), (Links{{"a", 0, 0, "old"}}));
  EXPECT_EQ(read_comparison(folder_).cells.at(0).metrics.at("test.top1").mean, 60);
}

}  // namespace
}  // namespace camsweep

#include "results/query.h"

#include <gtest/gtest.h>

#include "tests/results/planned_sweep.h"

namespace camsweep {
namespace {

class QueryTest : public PlannedSweep {};

TEST_F(QueryTest, RowsBeyondTheLimitAreSaidToBeMissing) {
  plan({{"c", 0, 0, "a"}, {"c", 1, 0, "b"}});
  Database database = open_reader(folder_ / "results.db");

  EXPECT_EQ(truncation_note(run_query(database, "SELECT id FROM jobs", {.rows = 1})),
            "there is more than the 1 rows shown");
  EXPECT_EQ(truncation_note(run_query(database, "SELECT id FROM jobs", {.rows = 2})), "");
}

}  // namespace
}  // namespace camsweep

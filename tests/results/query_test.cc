#include "results/query.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
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

TEST_F(QueryTest, AMisspeltColumnInDoubleQuotesIsAnError) {
  plan({{"c", 0, 0, "a"}});
  Database database = open_reader(folder_ / "results.db");

  EXPECT_THROW(run_query(database, "SELECT avg(\"sede\") FROM jobs"), ConfigError);
  EXPECT_EQ(run_query(database, "SELECT avg(\"seed\") FROM jobs").rows.size(), 1u);
}

}  // namespace
}  // namespace camsweep

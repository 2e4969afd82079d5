#include "results/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "results/database.h"
#include "results/schema.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  StoreTest() : folder_(fs::path(testing::TempDir()) / ("camsweep-store-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~StoreTest() override { fs::remove_all(folder_); }

  static JobSpec job(int64_t seed) {
    JobSpec spec;
    spec.identity = {{"stage", "train"}, {"version", 1}, {"parameters", {{"backbone", "tiny"}, {"seed", seed}}}};
    spec.id = {sha256(canonical(spec.identity))};
    return spec;
  }

  // A sweep of one cell with two replicates.
  static void plan(Store& store) {
    store.register_plan({.name = "s", .file = "/s.yaml", .text = "", .report = Json::object()},
                        {{.id = "c", .parameters = {{"backbone", "tiny"}}}}, {job(0), job(1)},
                        {{.cell = "c", .seed = 0, .entry = 0, .job = job(0).id},
                         {.cell = "c", .seed = 1, .entry = 0, .job = job(1).id}});
    store.commit();
  }

  static JobSuccess success(double top1) {
    JobSuccess result;
    result.metrics = {{.name = "test.top1", .epoch = std::nullopt, .value = top1}};
    return result;
  }

  int64_t count(const std::string& sql) {
    Database database(folder_ / "results.db", Database::Mode::kReadOnly);
    return database.integer(sql);
  }

  fs::path folder_;
};

TEST_F(StoreTest, SecondResultOfAJobIsRefused) {
  Store store(folder_);
  plan(store);
  store.begin_attempt(job(0).id, 1, "gang 1");

  EXPECT_TRUE(store.accept(job(0).id, 1, success(60)));
  EXPECT_FALSE(store.accept(job(0).id, 1, success(70)));
  store.commit();

  EXPECT_EQ(count("SELECT count(*) FROM attempts WHERE state = 'accepted'"), 1);
  EXPECT_EQ(count("SELECT value FROM metrics"), 60);
}

TEST_F(StoreTest, ResultOfAnOlderAttemptIsRefused) {
  Store store(folder_);
  plan(store);
  store.begin_attempt(job(0).id, 1, "gang 1");
  store.end_attempt(job(0).id, 1, {.kind = "silent", .retryable = true, .text = "no message"}, true);
  store.begin_attempt(job(0).id, 2, "gang 2");

  EXPECT_FALSE(store.accept(job(0).id, 1, success(60)));
  EXPECT_TRUE(store.accept(job(0).id, 2, success(61)));
}

TEST_F(StoreTest, WhatWasNotCommittedIsGoneAndWhatWasIsThere) {
  {
    Store store(folder_);
    plan(store);
    store.begin_attempt(job(0).id, 1, "gang 1");
    store.accept(job(0).id, 1, success(60));
    store.commit();
    store.begin_attempt(job(1).id, 1, "gang 1");
    store.accept(job(1).id, 1, success(61));
  }

  EXPECT_EQ(count("SELECT count(*) FROM jobs WHERE state = 'done'"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM metrics"), 1);
}

TEST_F(StoreTest, AttemptOfADeadSchedulerIsLostAndDoesNotCount) {
  {
    Store store(folder_);
    plan(store);
    store.begin_attempt(job(0).id, 1, "gang 1");
    store.commit();
  }

  Store next(folder_);
  plan(next);

  const JobRecord record = next.job_records().at(job(0).id);
  EXPECT_EQ(record.state, JobState::kWaiting);
  EXPECT_EQ(record.attempts, 1);
  EXPECT_EQ(record.counted_attempts, 0);
}

TEST_F(StoreTest, SummaryIsMeanAndSampleDeviationOverReplicates) {
  Store store(folder_);
  plan(store);
  for (const int64_t seed : {0, 1}) {
    store.begin_attempt(job(seed).id, 1, "gang 1");
    store.accept(job(seed).id, 1, success(seed == 0 ? 60 : 64));
  }
  store.commit();

  Database database(folder_ / "results.db", Database::Mode::kReadOnly);
  Statement row(database, "SELECT mean, std, n FROM cells_summary WHERE metric = 'test.top1'");
  ASSERT_TRUE(row.step());
  EXPECT_DOUBLE_EQ(row.real(0), 62);
  EXPECT_DOUBLE_EQ(row.real(1), 2.8284271247461903);  // sqrt(((60-62)^2 + (64-62)^2) / 1)
  EXPECT_EQ(row.integer(2), 2);
}

TEST_F(StoreTest, ValueThatIsNoNumberIsStoredAsNull) {
  Store store(folder_);
  plan(store);
  store.begin_attempt(job(0).id, 1, "gang 1");
  store.accept(job(0).id, 1, success(std::numeric_limits<double>::quiet_NaN()));
  store.commit();

  EXPECT_EQ(count("SELECT count(*) FROM metrics WHERE value IS NULL"), 1);
}

TEST_F(StoreTest, CellThatIsNoLongerListedIsStaleAndNothingIsDeleted) {
  Store store(folder_);
  plan(store);

  store.register_plan({.name = "s", .file = "/s.yaml", .text = "", .report = Json::object()}, {}, {}, {});
  store.commit();

  EXPECT_EQ(count("SELECT count(*) FROM cells WHERE stale = 1"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM jobs WHERE stale = 1"), 2);
}

TEST_F(StoreTest, DatabaseOfAnOlderVersionIsMigratedAndACopyKept) {
  {
    Store store(folder_);
    plan(store);
  }
  const MigrationSteps steps = {"ALTER TABLE cells ADD COLUMN note TEXT; UPDATE cells SET note = 'migrated'",
                                "UPDATE cells SET note = note || ' twice'"};

  {
    Database database(folder_ / "results.db", Database::Mode::kWrite);
    migrate(database, steps);
    migrate(database, steps);  // has nothing to do
  }

  EXPECT_EQ(count("PRAGMA user_version"), 3);
  EXPECT_EQ(count("SELECT count(*) FROM cells WHERE note = 'migrated twice'"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM runs"), 2) << "the views were not made again";
  Database copy(folder_ / "results.db.v1", Database::Mode::kReadOnly);
  EXPECT_EQ(copy.integer("PRAGMA user_version"), 1);
}

TEST_F(StoreTest, AMigrationThatFailsChangesNothing) {
  { Store store(folder_); }
  {
    Database database(folder_ / "results.db", Database::Mode::kWrite);
    EXPECT_THROW(migrate(database, {"DELETE FROM run_columns; UPDATE no_such_table SET x = 1"}), Error);
  }

  EXPECT_EQ(count("PRAGMA user_version"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM runs"), 0) << "the views are gone";
}

TEST_F(StoreTest, DatabaseOfANewerVersionIsRefused) {
  { Store store(folder_); }
  {
    Database newer(folder_ / "results.db", Database::Mode::kWrite);
    newer.exec("PRAGMA user_version = 999");
  }

  try {
    Store store(folder_);
    FAIL() << "a newer database was opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kSchemaVersion);
  }
}

TEST_F(StoreTest, FullDatabaseIsADiskFullErrorAndKeepsWhatWasCommitted) {
  Store store(folder_);
  plan(store);
  store.begin_attempt(job(0).id, 1, "gang 1");
  store.accept(job(0).id, 1, success(60));
  store.commit();
  store.database().exec("PRAGMA max_page_count = 1");

  try {
    for (int i = 0; i < 10000; ++i) store.record_event("test", std::nullopt, std::string(1000, 'x'));
    store.commit();
    FAIL() << "the database grew without bound";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kDiskFull);
  }
  EXPECT_EQ(count("SELECT count(*) FROM jobs WHERE state = 'done'"), 1);
}

}  // namespace
}  // namespace camsweep

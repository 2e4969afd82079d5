#include "results/verify.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "results/database.h"
#include "results/store.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// A sweep's folder with one accepted result of one artifact.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() : folder_(fs::path(testing::TempDir()) / ("camsweep-verify-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    job_.identity = {{"stage", "train"}, {"version", 1}, {"parameters", {{"backbone", "tiny"}, {"seed", 0}}}};
    job_.id = {sha256(canonical(job_.identity))};
    const fs::path weights = folder_ / "jobs" / job_.id.hex / "attempts/1/artifacts/weights.safetensors";
    fs::create_directories(weights.parent_path());
    write_file(weights, "weights");
    success_.metrics = {{.name = "test.top1", .epoch = std::nullopt, .value = 61.5}};
    success_.artifacts = {{.path = "artifacts/weights.safetensors",
                           .sha256 = sha256("weights"),
                           .kind = "weights",
                           .label = "",
                           .epoch = std::nullopt}};
    register_plan();
    Store store(folder_);
    store.begin_attempt(job_.id, 1, "gang 1");
    EXPECT_TRUE(store.accept(job_.id, 1, success_));
    store.commit();
    write_result_file(folder_, job_, 1, success_);
  }
  ~VerifyTest() override { fs::remove_all(folder_); }

  void register_plan() const {
    Store store(folder_);
    store.register_plan({.name = "s", .file = "/s.yaml", .text = "", .report = Json::object()},
                        {{.id = "c", .parameters = {{"backbone", "tiny"}}}}, {job_},
                        {{.cell = "c", .seed = 0, .entry = 0, .job = job_.id}});
    store.commit();
  }
  void damage(const std::string& sql) const {
    Database database(folder_ / "results.db", Database::Mode::kWrite);
    database.exec("PRAGMA foreign_keys = OFF;" + sql);
  }
  int64_t count(const std::string& sql) const {
    Database database(folder_ / "results.db", Database::Mode::kReadOnly);
    return database.integer(sql);
  }
  // Verifies; expects one fault, repaired from there, and nothing left to find for a second look.
  void expect_repair(RepairedFrom from) const {
    const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kWeights);
    ASSERT_EQ(report.faults.size(), 1U);
    EXPECT_EQ(report.faults[0].from, from) << report.faults[0].text;
    EXPECT_TRUE(verify_sweep(folder_, Repair::kYes, Depth::kWeights).faults.empty());
  }

  fs::path result_file() const { return folder_ / "jobs" / job_.id.hex / "result.json"; }

  fs::path folder_;
  JobSpec job_;
  JobSuccess success_;
};

TEST_F(VerifyTest, SoundFolderHasNoFaults) {
  const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kAll);

  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.results, 1);
  EXPECT_EQ(report.files, 1);
}

TEST_F(VerifyTest, DamagedResultFileIsRebuiltFromTheDatabase) {
  const std::string before = read_file(result_file());
  std::string bytes = before;
  bytes[bytes.find("61.5")] = '9';
  write_file(result_file(), bytes);

  const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kWeights);

  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(read_file(result_file()), before);
}

TEST_F(VerifyTest, WithoutTheLockDamageIsReportedAndLeft) {
  fs::remove(result_file());

  const VerifyReport report = verify_sweep(folder_, Repair::kNo, Depth::kWeights);

  EXPECT_FALSE(report.sound());
  EXPECT_FALSE(fs::exists(result_file()));
}

TEST_F(VerifyTest, ResultThatTheDatabaseLostComesBackFromItsFile) {
  {
    Database database(folder_ / "results.db", Database::Mode::kWrite);
    database.exec(
        "DELETE FROM metrics; DELETE FROM artifacts; DELETE FROM attempts; UPDATE jobs SET state = 'waiting'");
  }

  const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kWeights);

  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.faults.size(), 1u);
  Database database(folder_ / "results.db", Database::Mode::kReadOnly);
  EXPECT_EQ(database.integer("SELECT count(*) FROM job_metrics WHERE value = 61.5"), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM jobs WHERE state = 'done'"), 1);
}

TEST_F(VerifyTest, AFileThatProvesItselfReplacesRowsThatDiffer) {
  const std::string before = read_file(result_file());
  for (const std::string damaged : {"UPDATE metrics SET value = 12.5 WHERE name = 'test.top1'", "DELETE FROM metrics",
                                    "INSERT INTO environment (job, name, value) SELECT id, 'host', '{' FROM jobs"}) {
    damage(damaged);

    expect_repair(RepairedFrom::kFile);

    EXPECT_EQ(read_file(result_file()), before) << damaged;
    EXPECT_EQ(count("SELECT count(*) FROM job_metrics WHERE metric = 'test.top1' AND value = 61.5"), 1) << damaged;
  }
}

TEST_F(VerifyTest, WithoutTheLockRowsThatDifferAreReportedAndLeft) {
  damage("UPDATE metrics SET value = 12.5");

  EXPECT_FALSE(verify_sweep(folder_, Repair::kNo, Depth::kWeights).sound());

  EXPECT_EQ(count("SELECT count(*) FROM metrics WHERE value = 12.5"), 1);
}

TEST_F(VerifyTest, ALostAttemptOfADoneJobComesBackFromItsFile) {
  damage("DELETE FROM attempts");

  expect_repair(RepairedFrom::kFile);

  EXPECT_EQ(count("SELECT count(*) FROM attempts WHERE state = 'accepted' AND attempt = 1"), 1);
}

TEST_F(VerifyTest, AResultIsTakenBackThoughANewerAttemptWasGiven) {
  damage("DELETE FROM attempts; DELETE FROM metrics; UPDATE jobs SET state = 'waiting', attempts = 2");

  expect_repair(RepairedFrom::kFile);

  EXPECT_EQ(count("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 2"), 1);
}

TEST_F(VerifyTest, AJobThatTheDatabaseLostIsStaleUntilAPlanListsIt) {
  damage("DELETE FROM metrics; DELETE FROM artifacts; DELETE FROM attempts; DELETE FROM cell_jobs; DELETE FROM jobs");

  expect_repair(RepairedFrom::kFile);

  EXPECT_EQ(count("SELECT count(*) FROM jobs WHERE state = 'done' AND stale = 1"), 1);
  register_plan();
  EXPECT_EQ(count("SELECT count(*) FROM job_metrics WHERE value = 61.5"), 1);
}

TEST_F(VerifyTest, AFileOfAnotherJobProvesNothing) {
  const std::string before = read_file(result_file());
  JobSpec other = job_;
  other.identity["version"] = 2;
  other.id = {sha256(canonical(other.identity))};
  fs::create_directories(folder_ / "jobs" / other.id.hex);
  write_result_file(folder_, other, 1, {});
  fs::rename(folder_ / "jobs" / other.id.hex / "result.json", result_file());

  expect_repair(RepairedFrom::kDatabase);

  EXPECT_EQ(read_file(result_file()), before);
}

TEST_F(VerifyTest, AnOlderAttemptWhoseFilesAreGoneDoesNotReplaceTheRows) {
  const fs::path attempts = folder_ / "jobs" / job_.id.hex / "attempts";
  fs::rename(attempts / "1", attempts / "2");
  damage("UPDATE attempts SET attempt = 2; UPDATE artifacts SET attempt = 2; UPDATE jobs SET attempts = 2");

  expect_repair(RepairedFrom::kDatabase);

  EXPECT_NE(read_file(result_file()).find("\"attempt\": 2"), std::string::npos);
}

TEST_F(VerifyTest, AResultThatBothSidesLostCannotBeRepaired) {
  damage("DELETE FROM metrics; DELETE FROM artifacts; DELETE FROM attempts");
  fs::remove(result_file());

  const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kWeights);

  EXPECT_EQ(report.faults.size(), 1U);
  EXPECT_FALSE(report.sound());
}

TEST_F(VerifyTest, WeightsWithAnotherHashCannotBeRepaired) {
  write_file(folder_ / "jobs" / job_.id.hex / "attempts/1/artifacts/weights.safetensors", "Weights");

  const VerifyReport report = verify_sweep(folder_, Repair::kYes, Depth::kWeights);

  EXPECT_FALSE(report.sound());
}

}  // namespace
}  // namespace camsweep

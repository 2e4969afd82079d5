// Whole sweeps through the real programs: scheduler, mpirun, ranks, database, report.
#include <gtest/gtest.h>
#include <signal.h>

#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/integration/command.h"
#include "tests/integration/sweeps.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

Json sweep_status(const fs::path& folder) {
  const CommandResult result = camsweep({"status", "small", "--json"}, folder);
  return result.exit_code == 0 ? Json::parse(result.out) : Json::object();
}

int64_t jobs(const fs::path& folder, const std::string& state) {
  const Json answer = sweep_status(folder);
  return answer.contains("jobs") ? answer["jobs"].value(state, int64_t{0}) : 0;
}

TEST(SweepTest, RunFillsDatabaseTableAndReportAndASecondRunHasNothingToDo) {
  const Scratch scratch("sweep");
  write_file(scratch.path / "small.yaml", small_sweep());

  const CommandResult first = camsweep({"run", "small.yaml"}, scratch.path);
  const CommandResult second = camsweep({"run", "small.yaml"}, scratch.path);

  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(jobs(scratch.path, "done"), 12);  // 4 trainings, 2 analyses each
  EXPECT_TRUE(fs::exists(scratch.path / "runs/small/report/index.html"));
  EXPECT_NE(first.out.find("augmentation"), std::string::npos) << first.out;
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_NE((second.out + second.err).find("nothing to do"), std::string::npos) << second.err;
  EXPECT_EQ(camsweep({"verify", "small"}, scratch.path).exit_code, 0);
  EXPECT_TRUE(marked_processes(scratch.path).empty());
}

TEST(SweepTest, EditedSweepRunsOnlyWhatIsMissing) {
  const Scratch scratch("edited");
  write_file(scratch.path / "small.yaml", small_sweep());
  ASSERT_EQ(camsweep({"run", "small.yaml"}, scratch.path).exit_code, 0);
  std::string edited = small_sweep();
  edited.replace(edited.find("[0, 0.1]"), 8, "[0, 0.2]");
  write_file(scratch.path / "small.yaml", edited);

  const CommandResult plan = camsweep({"plan", "small.yaml", "--json"}, scratch.path);

  const Json counts = Json::parse(plan.out).at("jobs");
  EXPECT_EQ(counts.at("total"), 12);
  EXPECT_EQ(counts.at("done"), 6);
  EXPECT_EQ(counts.at("to_run"), 6);
}

TEST(SweepTest, InterruptCheckpointsAndTheSameCommandContinues) {
  const Scratch scratch("interrupt");
  write_file(scratch.path / "small.yaml", small_sweep(40));
  Command run({program("camsweep"), "run", "small.yaml"}, scratch.path);
  ASSERT_TRUE(eventually([&] { return jobs(scratch.path, "running") > 0; }));

  run.signal(SIGINT);
  const CommandResult stopped = run.wait();
  const CommandResult resumed = camsweep({"run", "small.yaml"}, scratch.path);

  EXPECT_EQ(stopped.exit_code, 7) << stopped.err;
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(jobs(scratch.path, "done"), 12);
}

TEST(SweepTest, SecondSchedulerOnTheSameFolderIsToldWhoHoldsIt) {
  const Scratch scratch("locked");
  write_file(scratch.path / "small.yaml", small_sweep(40));
  Command run({program("camsweep"), "run", "small.yaml"}, scratch.path);
  ASSERT_TRUE(eventually([&] { return jobs(scratch.path, "running") > 0; }));

  const CommandResult second = camsweep({"run", "small.yaml"}, scratch.path);

  EXPECT_EQ(second.exit_code, 4);
  EXPECT_NE(second.err.find(std::to_string(run.pid())), std::string::npos) << second.err;
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait().exit_code, 7);
}

}  // namespace
}  // namespace camsweep

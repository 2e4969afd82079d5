// What a run decides before and after its jobs run: no gang starts here.
#include "orchestrator/run_sweep.h"

#include <gtest/gtest.h>

#include "orchestrator/requests.h"
#include "results/database.h"
#include "results/store.h"
#include "schemas/files.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// A sweep file of one training and its map, and the folder it runs in. There is no camsweep-rank: a run that would
// start a gang ends with exit code 3.
class RunSweepTest : public testing::Test {
 protected:
  void SetUp() override {
    write_file(file_,
               "sweep: s\ndataset: {kind: synth}\ndefaults: {resolution: 96, batch: 8}\n"
               "matrix: {backbone: [resnet18], epochs: [1]}\nanalyses: [localize: [cam]]\n");
  }

  RunOptions options(const std::vector<std::string>& overrides = {}) {
    RunOptions options;
    options.sweep_file = file_;
    options.runs = scratch_ / "runs";
    options.programs = scratch_;
    options.plan.overrides = overrides;
    options.report = [this](const SweepFolder& folder) {
      ++reports_;
      make_directories(folder.report());
      write_file(folder.report() / "index.html", "<html>");
    };
    return options;
  }

  ExitCode run(const RunOptions& options) {
    testing::internal::CaptureStderr();
    ExitCode code = ExitCode::kDone;
    try {
      code = run_sweep(options);
    } catch (const Error& error) {
      code = error.code();
      refusal_ = error.what();
    }
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }

  // As if every job of the sweep had run.
  void finish_all(const std::vector<std::string>& overrides = {}) {
    const Plan plan = make_plan(file_, {.overrides = overrides});
    fs::create_directories(folder_.root);
    Store store(folder_.root);
    store.register_plan({.name = "s", .file = file_, .text = plan.spec.text, .report = Json::object()}, plan.cells,
                        plan.jobs, plan.cell_jobs);
    for (const JobSpec& job : plan.jobs) {
      store.begin_attempt(job.id, 1, "1");
      EXPECT_TRUE(store.accept(job.id, 1, JobSuccess{}));
      make_directories(folder_.job(job.id));
      write_result_file(folder_.root, job, 1, JobSuccess{});
    }
    store.commit();
  }

  std::string answer(const std::string& sql) {
    Database database(folder_.database(), Database::Mode::kReadOnly);
    Statement row(database, sql);
    return row.step() ? row.text(0) : "";
  }

  const PlanScratch own_{"run-sweep"};
  const fs::path& scratch_ = own_.path;
  fs::path file_ = scratch_ / "s.yaml";
  SweepFolder folder_{scratch_ / "runs" / "s"};
  int reports_ = 0;
  std::string said_;
  std::string refusal_;
};

TEST_F(RunSweepTest, ARequestThatNoRunReadIsCarriedOutBeforeTheNextDecidesWhatToDo) {
  finish_all();
  {
    Store store(folder_.root);
    store.set_state(make_plan(file_, {}).jobs.at(1).id, JobState::kFailed, "data: bad.jpg");
    store.commit();
  }
  EXPECT_EQ(run(options()), ExitCode::kJobsFailed);
  EXPECT_NE(said_.find("nothing to do"), std::string::npos) << said_;
  leave_request(folder_, {.kind = "retry", .jobs = {}});

  EXPECT_EQ(run(options()), ExitCode::kEnvironment) << "it did not try to start a gang: " << said_;

  EXPECT_NE(said_.find("1 job waits again"), std::string::npos) << said_;
  EXPECT_EQ(answer("SELECT count(*) FROM jobs WHERE state = 'waiting'"), "1");
  EXPECT_TRUE(take_requests(folder_).empty());
}

TEST_F(RunSweepTest, ARefusedRunLeavesTheSweepAsItWas) {
  finish_all();
  const std::string cells = answer("SELECT count(*) FROM cells");
  RunOptions two = options({"gang=4"});
  two.slots = 2;

  EXPECT_EQ(run(two), ExitCode::kBadInput);
  EXPECT_NE(refusal_.find("a gang of 4"), std::string::npos) << refusal_;
  EXPECT_EQ(run(options({"gang=4"})), ExitCode::kEnvironment) << "there is no camsweep-rank";

  EXPECT_EQ(answer("SELECT count(*) FROM cells"), cells);
  EXPECT_EQ(answer("SELECT count(*) FROM jobs WHERE state = 'waiting'"), "0");
}

TEST_F(RunSweepTest, ARefusedFirstRunMakesNoDatabase) {
  EXPECT_EQ(run(options()), ExitCode::kEnvironment);

  EXPECT_FALSE(fs::exists(folder_.database()));
}

TEST_F(RunSweepTest, TheCommandThatContinuesIsTheOneThatWasGiven) {
  RunOptions options;
  options.sweep_file = "k.yaml";
  options.runs = "runs";
  options.report = [](const SweepFolder&) {};
  EXPECT_EQ(same_command(options), "camsweep run k.yaml");

  options.plan = {
      .overrides = {"epochs=100"}, .only = {"backbone=convnext_*", "lr=1e-3"}, .checkpoints = "/data/weights"};
  options.slots = 2;
  options.hostfile = "my hosts";
  options.runs = "/data/runs";
  options.report = nullptr;
  EXPECT_EQ(same_command(options),
            "camsweep run k.yaml epochs=100 --only 'backbone=convnext_*' --only lr=1e-3 --checkpoints /data/weights"
            " --slots 2 --hostfile 'my hosts' --no-report --runs /data/runs");
}

TEST_F(RunSweepTest, WhereTheSweepLiesIsPartOfTheAdvice) {
  finish_all();
  Store(folder_.root).database().exec("UPDATE jobs SET state = 'failed' WHERE stage = 'localize'");

  run(options());

  EXPECT_NE(said_.find("camsweep retry s --runs " + (scratch_ / "runs").string()), std::string::npos) << said_;
}

TEST_F(RunSweepTest, TheReportIsDrawnWhereItDoesNotShowTheSweepAsItStands) {
  const auto drawn = [this](const RunOptions& options) {
    const int before = reports_;
    EXPECT_EQ(run(options), ExitCode::kDone) << refusal_;
    return reports_ - before;
  };
  finish_all();
  EXPECT_EQ(drawn(options()), 1);
  EXPECT_EQ(drawn(options()), 0) << "nothing has changed";

  finish_all({"epochs=2"});
  EXPECT_EQ(drawn(options({"epochs=2"})), 1);
  EXPECT_EQ(drawn(options()), 1) << "the override's cells are stale now";
  EXPECT_EQ(drawn(options()), 0);

  write_file(file_, read_file(file_) + "report: {table: {rows: [backbone], columns: [epochs], value: cam.top1_loc}}\n");
  RunOptions silent = options();
  silent.report = nullptr;
  EXPECT_EQ(drawn(silent), 0);
  EXPECT_EQ(drawn(options()), 1) << "it was edited, and reported on by nobody";

  fs::remove(folder_.report() / "index.html");
  EXPECT_EQ(drawn(options()), 1);
}

TEST_F(RunSweepTest, AReportThatDiedHalfwayIsDrawnAgain) {
  finish_all();
  RunOptions dying = options();
  dying.report = [](const SweepFolder& folder) {
    make_directories(folder.report());
    write_file(folder.report() / "index.html", "<html>");
    throw Error(ExitCode::kEnvironment, "gnuplot died");
  };
  EXPECT_EQ(run(dying), ExitCode::kEnvironment);

  EXPECT_EQ(run(options()), ExitCode::kDone);

  EXPECT_EQ(reports_, 1);
}

TEST_F(RunSweepTest, ARequestThatComesWhileTheReportIsDrawnIsCarriedOutAtItsEnd) {
  finish_all();
  Store(folder_.root).database().exec("UPDATE jobs SET state = 'failed' WHERE stage = 'localize'");
  RunOptions asked = options();
  asked.report = [](const SweepFolder& folder) { leave_request(folder, {.kind = "retry", .jobs = {}}); };

  EXPECT_EQ(run(asked), ExitCode::kJobsFailed);

  EXPECT_EQ(answer("SELECT count(*) FROM jobs WHERE state = 'waiting'"), "1");
}

}  // namespace
}  // namespace camsweep

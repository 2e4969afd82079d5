#include "orchestrator/publishing.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "orchestrator/run_sweep.h"
#include "results/database.h"
#include "results/result_file.h"
#include "results/store.h"
#include "schemas/files.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// A sweep of one training whose scheduler was killed after the commit that accepted it and before all that follows.
class PublishingTest : public testing::Test {
 protected:
  void accept_without_publishing(const std::string& more = "") {
    write_file(sweep_file_,
               "sweep: s\ndataset: {kind: synth}\nmatrix: {backbone: resnet18, resolution: 96, epochs: 1}\n" + more);
    const Plan plan = make_plan(sweep_file_, {});
    train_ = plan.jobs.at(0);
    for (const char* file : {"weights.safetensors", "state-9.safetensors", "rank0.log"}) {
      fs::create_directories(folder_.attempt(train_.id, 1));
      write_file(folder_.attempt(train_.id, 1) / file, "x");
    }
    write_file(folder_.job(train_.id) / "result.json.partial123", "{");
    Store store(folder_.root);
    store.register_plan({.name = "s", .file = sweep_file_, .text = plan.spec.text, .report = plan.spec.report},
                        plan.cells, plan.jobs, plan.cell_jobs);
    store.begin_attempt(train_.id, 1, "1");
    store.accept(train_.id, 1, success_);
    store.commit();
  }

  ExitCode run() {
    RunOptions options;
    options.sweep_file = sweep_file_;
    options.runs = scratch_ / "runs";
    return run_sweep(options);
  }

  bool lies_there(const std::string& file) const { return fs::exists(folder_.attempt(train_.id, 1) / file); }

  const PlanScratch own_{"publishing"};
  const fs::path& scratch_ = own_.path;
  fs::path sweep_file_ = scratch_ / "s.yaml";
  SweepFolder folder_{scratch_ / "runs" / "s"};
  JobSpec train_;
  JobSuccess success_{
      .metrics = {{.name = "test.top1", .epoch = {}, .value = 60}},
      .curves = {},
      .artifacts = {{.path = "weights.safetensors", .sha256 = "s", .kind = "weights", .label = "", .epoch = {}}},
      .environment = {{"host", "h"}}};
};

TEST_F(PublishingTest, TheNextRunFinishesWhatAKilledSchedulerLeft) {
  accept_without_publishing();

  EXPECT_EQ(run(), ExitCode::kDone);

  const auto read = read_result_file(result_file_path(folder_.root, train_.id));
  ASSERT_TRUE(std::holds_alternative<ResultFile>(read)) << std::get<DamagedFile>(read).reason;
  EXPECT_EQ(std::get<ResultFile>(read).attempt, 1);
  EXPECT_TRUE(same_success(std::get<ResultFile>(read).success, success_));
  EXPECT_TRUE(lies_there("weights.safetensors"));
  EXPECT_TRUE(lies_there("rank0.log"));
  EXPECT_FALSE(lies_there("state-9.safetensors"));
  EXPECT_FALSE(fs::exists(folder_.job(train_.id) / "result.json.partial123"));
}

TEST_F(PublishingTest, StatesStayWhereTheSweepKeepsThem) {
  accept_without_publishing("keep: state\n");

  run();

  EXPECT_TRUE(lies_there("state-9.safetensors"));
  EXPECT_TRUE(fs::exists(result_file_path(folder_.root, train_.id)));
}

TEST_F(PublishingTest, WhatIsPublishedIsLeftAlone) {
  accept_without_publishing();
  run();
  write_file(folder_.attempt(train_.id, 1) / "notes.txt", "of the owner");
  Store store(folder_.root);

  EXPECT_EQ(publish_unfinished(store, folder_, KeepState::kNo), 0U);
  EXPECT_TRUE(lies_there("notes.txt"));
}

}  // namespace
}  // namespace camsweep

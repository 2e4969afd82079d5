#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "orchestrator/sweep_folder.h"
#include "results/database.h"
#include "results/result_file.h"
#include "results/store.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {

// A sweep in the middle of its run, made without a process: one training is done and two of its maps are (one of them
// still runs), the other training has failed and blocks its map. `runs/birds` on disk, with the sweep's file beside.
class FixtureSweep {
 public:
  explicit FixtureSweep(const std::string& name = "birds") : folder{scratch() / "runs" / name} {
    std::filesystem::create_directories(folder.root);
    write_file(file(), "# the birds\nsweep: " + name + "\n");
    Store store(folder.root);
    store.register_plan({.name = name, .file = file(), .text = "", .report = Json::object()},
                        {{.id = "c1", .parameters = {{"backbone", "resnet18"}, {"epochs", 10}}},
                         {.id = "c2", .parameters = {{"backbone", "convnext_atto"}, {"epochs", 20}}}},
                        {trained, broken, drawn, drawing, blocked},
                        {{.cell = "c1", .seed = 0, .entry = 0, .job = trained.id},
                         {.cell = "c1", .seed = 0, .entry = 1, .job = drawn.id},
                         {.cell = "c1", .seed = 0, .entry = 2, .job = drawing.id},
                         {.cell = "c2", .seed = 0, .entry = 0, .job = broken.id},
                         {.cell = "c2", .seed = 0, .entry = 1, .job = blocked.id}});
    finish(store, trained, "test.top1", 61.5);
    finish(store, drawn, "cam.maxboxacc", 70.25);
    store.begin_attempt(drawing.id, 1, "gang 1");
    store.record_progress(drawing.id, 1, 0, 5, 20, 12.5);
    fail(store);
    store.commit();
    // Every finished job took 100 s.
    store.database().exec(
        "UPDATE attempts SET started_at = '2026-01-01T00:00:00.000Z', ended_at = '2026-01-01T00:01:40.000Z'"
        " WHERE state = 'accepted'");
  }

  static std::filesystem::path scratch() {
    return std::filesystem::path(testing::TempDir()) / ("fixture-sweep-" + std::to_string(::getpid()));
  }
  std::filesystem::path file() const { return scratch() / (folder.root.filename().string() + ".yaml"); }

  SweepFolder folder;
  JobSpec trained = job(Stage::kTrain, "resnet18", {});
  JobSpec broken = job(Stage::kTrain, "convnext_atto", {});
  JobSpec drawn = job(Stage::kLocalize, "official", {trained.id});
  JobSpec drawing = job(Stage::kLocalize, "wsoleval", {trained.id});
  JobSpec blocked = job(Stage::kLocalize, "official", {broken.id});

 private:
  static JobSpec job(Stage stage, const std::string& what, const std::vector<JobId>& needs) {
    JobSpec spec;
    spec.stage = stage;
    spec.needs = needs;
    spec.identity = {{"stage", stage_name(stage)},
                     {"version", 1},
                     {"parameters", {{"what", what}, {"seed", 0}}},
                     {"needs", Json::array()}};
    for (const JobId& needed : needs) spec.identity["needs"].push_back(needed.hex);
    spec.id = {sha256(canonical(spec.identity))};
    return spec;
  }

  void finish(Store& store, const JobSpec& job, const std::string& metric, double value) const {
    JobSuccess success;
    success.metrics = {{.name = metric, .epoch = std::nullopt, .value = value}};
    store.begin_attempt(job.id, 1, "gang 1");
    EXPECT_TRUE(store.accept(job.id, 1, success));
    std::filesystem::create_directories(folder.job(job.id));
    write_result_file(folder.root, job, 1, success);
  }

  void fail(Store& store) const {
    const std::filesystem::path attempt = folder.attempt(broken.id, 1);
    std::filesystem::create_directories(attempt);
    write_file(attempt / "rank0.log", "epoch 1\nreading bad.jpg\nbad.jpg is damaged\n");
    store.begin_attempt(broken.id, 1, "gang 2");
    store.end_attempt(broken.id, 1, {.kind = "data", .retryable = false, .text = "bad.jpg is damaged"}, true);
    store.set_state(broken.id, JobState::kFailed, "data: bad.jpg is damaged\nreading bad.jpg");
    store.set_state(blocked.id, JobState::kBlocked, "needs " + broken.id.short_form() + ", which failed");
  }
};

}  // namespace camsweep

#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "results/database.h"
#include "results/store.h"
#include "schemas/hash.h"

namespace camsweep {

// A sweep on disk whose plans are written out: which job is which entry of which cell and seed.
class PlannedSweep : public testing::Test {
 protected:
  PlannedSweep()
      : folder_(std::filesystem::path(testing::TempDir()) / ("camsweep-plans-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~PlannedSweep() override { std::filesystem::remove_all(folder_); }

  struct Link {
    std::string cell;
    int64_t seed;
    int entry;
    std::string what;  // names the job
    std::optional<int> at_epoch = std::nullopt;
  };

  static JobSpec job(const Link& link) {
    JobSpec spec;
    spec.stage = link.entry == 0 ? Stage::kTrain : Stage::kLocalize;
    spec.at_epoch = link.at_epoch;
    spec.identity = {{"stage", stage_name(spec.stage)},
                     {"parameters", {{"what", link.what}, {"seed", link.seed}, {"at", link.at_epoch.value_or(0)}}}};
    spec.id = {sha256(canonical(spec.identity))};
    return spec;
  }

  // Cells train 3 epochs.
  void plan(const std::vector<Link>& links, bool partial = false) {
    std::vector<Cell> cells;
    std::set<std::string> known;
    std::vector<JobSpec> jobs;
    std::vector<CellJob> cell_jobs;
    for (const Link& link : links) {
      if (known.insert(link.cell).second)
        cells.push_back({.id = link.cell, .parameters = {{"backbone", link.cell}, {"epochs", 3}}});
      const JobSpec made = job(link);
      if (known.insert(made.id.hex).second) jobs.push_back(made);
      cell_jobs.push_back({.cell = link.cell, .seed = link.seed, .entry = link.entry, .job = made.id});
    }
    Store store(folder_);
    store.register_plan({.name = "s", .file = "/s.yaml", .text = "", .report = Json::object(), .mark_stale = !partial},
                        cells, jobs, cell_jobs);
    store.commit();
  }

  void finish(const Link& link, const std::string& metric, double value) {
    JobSuccess success;
    success.metrics = {{.name = metric, .epoch = std::nullopt, .value = value}};
    finish(link, success);
  }
  void finish(const Link& link, const JobSuccess& success) {
    Store store(folder_);
    store.begin_attempt(job(link).id, 1, "gang 1");
    EXPECT_TRUE(store.accept(job(link).id, 1, success));
    store.commit();
  }

  std::filesystem::path folder_;
};

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "orchestrator/expansion.h"
#include "schemas/job_spec.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// A sweep file expanded: what should exist. Jobs are unique and stand after those they need, one replicate of every
// cell before the second of any.
struct Plan {
  SweepSpec spec;
  std::vector<RuleCount> rules;
  std::vector<Cell> cells;
  std::vector<JobSpec> jobs;
  std::vector<CellJob> cell_jobs;
  std::vector<std::string> notes;  // "snapshot 400 dropped in 4 cells: they train 100 epochs"
  bool partial = false;            // overrides or --only were given: never marks anything stale
};

enum class PlanDetail {
  kFull,
  kIds  // cells without parameters, jobs without identity and data set: enough to count what is done, and much faster
};

struct PlanOptions {
  std::vector<std::string> overrides = {};  // key=value, as on the command line
  std::vector<std::string> only = {};       // 'backbone=convnext_*'
  std::filesystem::path checkpoints = {};   // --checkpoints: the folder of published weights; empty: not given
  PlanDetail detail = PlanDetail::kFull;
};

// Steps 1 and 2 of the data flow: loads, expands, computes identities. Throws ConfigError: bad file, unknown names,
// missing data set, batch no multiple of gang, too many cells; CheckpointError with every published weights file that
// is missing or no good.
Plan make_plan(const std::filesystem::path& sweep_file, const PlanOptions& options);

}  // namespace camsweep

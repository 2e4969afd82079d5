#pragma once

#include <filesystem>

#include "orchestrator/plan.h"
#include "orchestrator/sweep_folder.h"
#include "results/store.h"

namespace camsweep {

// A sweep whose folder is new and whose plan is registered, as `camsweep run` has it before its first gang starts.
struct NewSweep {
  Plan plan;
  SweepFolder folder;
  Store store;
};

// Throws ConfigError if `runs` holds that sweep already.
NewSweep make_sweep(const std::filesystem::path& sweep_file, const std::filesystem::path& runs);

// main() of a program `name SWEEP.yaml RUNS`: the exit code, after errors were told.
int run_on_new_sweep(int argc, char** argv, void (*measure)(NewSweep&));

}  // namespace camsweep

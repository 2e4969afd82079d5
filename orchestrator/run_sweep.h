#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "orchestrator/plan.h"
#include "orchestrator/sweep_folder.h"
#include "schemas/error.h"

namespace camsweep {

enum class Adoption { kRefuse, kAdopt };  // of a folder that another sweep file made

struct RunOptions {
  std::filesystem::path sweep_file;
  std::filesystem::path runs;      // holds one folder per sweep
  std::filesystem::path programs;  // holds camsweep-rank and camsweep-worker
  PlanOptions plan;
  std::optional<int> slots;
  std::optional<std::filesystem::path> hostfile;
  Adoption adoption = Adoption::kRefuse;
  // Draws tables, plots and the report when results changed; empty = nobody wants them.
  std::function<void(const SweepFolder&)> report;
};

// The command line that starts such a run again, for a shell; --adopt has done its work by then.
std::string same_command(const RunOptions& options);

// Steps 1 to 11 of the data flow for one sweep file: plans, runs what is missing, reports. Talks on stderr. Returns the
// exit code of a run that came to its end; throws Error otherwise.
ExitCode run_sweep(const RunOptions& options);

}  // namespace camsweep

#pragma once

#include <filesystem>
#include <optional>

#include "orchestrator/plan.h"
#include "schemas/error.h"

namespace camsweep {

enum class Adoption { kRefuse, kAdopt };  // of a folder that another sweep file made
enum class Reporting { kWrite, kSkip };

struct RunOptions {
  std::filesystem::path sweep_file;
  std::filesystem::path runs;      // holds one folder per sweep
  std::filesystem::path programs;  // holds camsweep-rank and camsweep-worker
  PlanOptions plan;
  std::optional<int> slots;
  std::optional<std::filesystem::path> hostfile;
  Adoption adoption = Adoption::kRefuse;
  Reporting reporting = Reporting::kWrite;
};

// Steps 1 to 11 of the data flow for one sweep file: plans, runs what is missing, reports. Talks on stderr, prints the
// table on stdout. Returns the exit code of a run that came to its end; throws Error otherwise.
ExitCode run_sweep(const RunOptions& options);

}  // namespace camsweep

#pragma once

#include <filesystem>
#include <string>

#include "schemas/job_spec.h"

namespace camsweep {

// The paths of one sweep's folder, runs/<sweep>.
struct SweepFolder {
  std::filesystem::path root;

  std::filesystem::path sweep_file() const { return root / "sweep.yaml"; }
  std::filesystem::path database() const { return root / "results.db"; }
  std::filesystem::path requests() const { return root / "requests"; }
  std::filesystem::path report() const { return root / "report"; }
  std::filesystem::path gang_log(int gang) const { return root / "gangs" / (std::to_string(gang) + ".log"); }
  std::filesystem::path job(const JobId& id) const { return root / "jobs" / id.hex; }
  std::filesystem::path attempt(const JobId& id, int number) const {
    return job(id) / "attempts" / std::to_string(number);
  }
};

// Finds a sweep by its name, its file or its folder; "" means the one whose database changed last. Throws ConfigError
// that lists the sweeps there are.
SweepFolder find_sweep(const std::filesystem::path& runs, const std::string& name_file_or_folder);

}  // namespace camsweep

#pragma once

#include <cstddef>

#include "orchestrator/sweep_folder.h"
#include "schemas/job_spec.h"
#include "schemas/outcome.h"

namespace camsweep {

class Store;

enum class KeepState { kNo, kYes };  // of training states after their job is accepted

// Publishing is what follows the commit that accepted a result: files that only the running job needed are removed,
// then result.json is written. The file comes last, so where it lies nothing is left to do.

// The first part: after a train job is accepted only its artifacts (weights, snapshots) and its logs stay, in all its
// attempts. Other stages leave nothing behind. What cannot be removed costs space and is no error.
void remove_leftovers(const SweepFolder& folder, const JobSpec& job, int attempt, const JobSuccess& success,
                      KeepState keep);

// Publishes accepted results whose file is missing: their scheduler was killed between commit and file. Returns how
// many. The caller holds the sweep's lock. Throws Error (kDiskFull, kEnvironment).
size_t publish_unfinished(Store& store, const SweepFolder& folder, KeepState keep);

}  // namespace camsweep

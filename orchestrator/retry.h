#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "results/store.h"

namespace camsweep {

// Gives failed jobs, and those they block, their attempts back, where no scheduler runs. `beginnings` are those of ids;
// empty = all that failed. The caller holds the sweep's lock. Returns how many jobs wait again, committed. Throws
// ConfigError: no job's id begins so, or several do.
size_t retry_jobs(Store& store, const std::vector<std::string>& beginnings);

}  // namespace camsweep

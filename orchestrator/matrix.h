#pragma once

#include <vector>

#include "orchestrator/rules.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Throws ConfigError if the product of the axes, times the seeds, is larger than `limits.max_jobs`. Counted in 128 bits
// before anything is expanded.
void check_size(const SweepSpec& sweep);

// The product of the axes, ties applied; what the matrix leaves open is null. Values are the sweep's own.
std::vector<Row> matrix_rows(const SweepSpec& sweep);

}  // namespace camsweep

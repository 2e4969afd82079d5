#pragma once

#include <vector>

#include "orchestrator/rules.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Throws ConfigError if two cells would share a field of the report's table, naming the parameters in which they
// differ.
void check_table(const SweepSpec& sweep, const std::vector<const Row*>& cells);

}  // namespace camsweep

#pragma once

#include <string>
#include <vector>

#include "schemas/sweep_spec.h"

namespace camsweep {

// `key=value` of the command line, values read as plain YAML scalars; `epochs=50,100` makes an axis, `replicates=1`
// works too. An override wins over every other place that gives the parameter: matrix, include, set and derive.
// Throws ConfigError naming the override.
void apply_overrides(SweepSpec& sweep, const std::vector<std::string>& overrides);

}  // namespace camsweep

#pragma once

#include <string>
#include <vector>

#include "orchestrator/rules.h"
#include "schemas/backbone_variant.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Throws ConfigError naming the cell if its backbone cannot take what the data set holds, at its resolution, or has no
// class activation maps for an analysis of the sweep: what a worker would find out hours later.
void check_variant(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant);

// What the cell sets, or its recipe, that means nothing to its backbone, each in one sentence.
std::vector<std::string> idle_parameters(const Row& cell, const BackboneVariant& variant);

}  // namespace camsweep

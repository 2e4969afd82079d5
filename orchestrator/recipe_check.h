#pragma once

#include "orchestrator/rules.h"
#include "schemas/backbone_variant.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Throws ConfigError naming the cell if its recipe's fields do not fit each other, its batch, network or data set.
void check_recipe(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant);

}  // namespace camsweep

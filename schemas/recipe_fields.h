#pragma once

#include <vector>

#include "schemas/parameters.h"

namespace camsweep {

// The part of parameter_table() that a recipe gives values to: how a network is optimized, what it sees of an image,
// and which of its weights count. A default is what neither recipe nor sweep file says: of augmentation, that there is
// none.
std::vector<ParameterInfo> recipe_fields();

// The part that training methods of weakly supervised localization give, beside a recipe.
std::vector<ParameterInfo> method_fields();

}  // namespace camsweep

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/backbone_variant.h"

// What loading and identifying must know of a family's tensors, by their native names.
namespace camsweep {

// The layer whose rows are the classes, without `.weight`.
std::string classifier_name(const BackboneVariant& variant);

// What a fine-tuning may start afresh where a file has nothing for it: the classifier, what is trained with it, and
// auxiliary classifiers.
bool is_head(const BackboneVariant& variant, std::string_view name);

// Whether a tensor of a network like `source` belongs to a part that `target`, of the same family, was built without:
// the rest of the trunk behind a tail `cam`, auxiliary classifiers.
bool is_left_out(std::string_view name, const BackboneVariant& source, const BackboneVariant& target);

}  // namespace camsweep

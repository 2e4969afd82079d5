#pragma once

#include "workers/checkpoints/model_file.h"

namespace camsweep {

// What a weights file that says nothing about itself is taken for: weights as their authors published them, with the
// statistics that the first file of the checkpoint catalog has for this backbone; ImageNet's where it has none.
ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options, int resolution);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include "workers/localization/map_options.h"
#include "workers/localization/score_map.h"

// From a method's map at a layer's own size to the score map that is evaluated.
namespace camsweep {

ScoreMap to_score_map(const at::Tensor& map);  // (h, w)

// The score map of a coarse one: side x side, in [0, 1]; zeros where it is constant or not finite.
Normalized render_map(const ScoreMap& coarse, MapMethod method, const MapOptions& options, int side);

// Spec protocol, 3.1 steps 4 to 7, or 3.2; kMax: 3.1 without steps 6 and 7, a map between 0 and its maximum as the CAM
// paper of 2016 thresholds it.
Normalized render_activation(const ScoreMap& map, MapOptions::Heatmap heatmap, int side);
// Spec protocol, 5.1, step 9.
Normalized render_pc1(const ScoreMap& map, MapOptions::Pc1Quantization quantization, int side);

}  // namespace camsweep

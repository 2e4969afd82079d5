#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "workers/localization/score_map.h"

// Maps that know nothing of the object: what a method has to beat.
namespace camsweep {

// Channels of one image (K, h, w) with weights drawn from U(-1, 1) by a seed.
ScoreMap random_weights_map(const at::Tensor& features, uint64_t seed);

// exp(-d^2 / (2 s^2)) of the distance d from the centre, s a quarter of the side: thresholds draw squares of all sizes.
ScoreMap centre_map();

}  // namespace camsweep

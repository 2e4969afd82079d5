#pragma once

#include "workers/localization/score_map.h"

namespace camsweep {

// Resampling as OpenCV's cv2.resize does it: half-pixel centres, border replicated, no antialiasing. Spec protocol,
// 3.3. (Images go through workers/data/resize.h, which follows Pillow.)
enum class MapFilter {
  kBilinear,
  kBicubic  // a = -0.75; weights and fractions in float32 even for float64 maps, as OpenCV has it
};

ScoreMap resize_map(const ScoreMap& map, int height, int width, MapFilter filter);

// min_max() of the resized map. A constant one stays constant, although sums of its weights differ in their last bits.
Normalized raise_map(const ScoreMap& map, int height, int width, MapFilter filter);

// quantize(raise_map(...).map) without the maps between, row by row.
LevelMap raise_to_levels(const ScoreMap& map, int height, int width, MapFilter filter);

// Source index of each of `out` samples of a nearest-neighbour resize from `in` samples: floor(d * (1 / (out / in))) in
// double, in exactly this order.
std::vector<int> nearest_indices(int in, int out);

}  // namespace camsweep

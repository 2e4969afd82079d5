#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "schemas/outcome.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// One feature map of one image. Areas are the share of positions above a threshold. Spec protocol, 4.
struct ActivationPoint {
  double weight = 0;      // of the class
  double gap = 0;         // mean over positions
  double area_raw = 0;    // in the feature map's own units
  double area_image = 0;  // after scaling by the image's maximum to 255
  double area_map = 0;    // after min-max scaling of this map to 0..255; 0 for a constant map
  bool constant = false;  // a dead channel: the same value everywhere
  int64_t channel = 0;
};

// One point per channel of `features` (K, h, w) double; `weights` (K) double.
std::vector<ActivationPoint> activation_points(const at::Tensor& features, const at::Tensor& weights, double threshold);

// Metrics activation.* (Pearson's r of |weight| and raw area where both vary, means, ranges, constant maps) and the
// curves activation.area_q05, _q50 and _q95: quantiles of the raw area in 20 equal bins of the weight; x is a bin's
// middle, empty bins are left out.
JobSuccess summarize(const std::vector<ActivationPoint>& points);

// How many points lie where, in kDensityBins x kDensityBins bins over the ranges of the weight (to the right) and of
// another member (upwards), as log(1 + count) scaled to a maximum of 1. Of at least one point.
inline constexpr int kDensityBins = 200;
ScoreMap point_density(const std::vector<ActivationPoint>& points, double ActivationPoint::*member);

}  // namespace camsweep

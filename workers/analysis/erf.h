#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// Effective receptive field. Spec protocol, 6; sources: Luo et al. (NeurIPS 2016), Ding et al. (CVPR 2022).

// Shares of the whole contribution for which sizes are reported.
inline constexpr std::array<double, 11> kErfThresholds = {.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99};

// How much each input pixel of one image matters to the centre of the feature map: the gradient of
// sum_k ReLU(F[k, h/2, w/2]) with respect to the normalized input, negative parts cut, summed over colours.
// `image` is (1, 3, S, S); returns (S, S) double on the CPU. Parameters get no gradient.
at::Tensor contribution(Backbone& backbone, const at::Tensor& image);

struct ErfSize {
  double threshold = 0;
  int side = 0;          // of the smallest centred square that holds more than `threshold` of the sum, pixels
  double ratio = 1;      // its area over the image's
  bool defined = false;  // false: no square does; the ratio is then 1
};

// log10(M + 1), scaled to a maximum of 1. Zeros stay zeros.
ScoreMap log_scaled(const ScoreMap& contributions);

// For each of kErfThresholds, on a square map of at least 3 pixels.
std::vector<ErfSize> erf_sizes(const ScoreMap& map);

// Trapezoid over the thresholds: of the area ratio, and of side over image side.
double erf_auc(const std::vector<ErfSize>& sizes);
double erf_side_auc(const std::vector<ErfSize>& sizes, int image_side);

}  // namespace camsweep

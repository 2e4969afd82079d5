#pragma once

#include <ATen/core/Tensor.h>

#include "workers/backbones/backbone.h"

namespace camsweep {

// Score-CAM (Wang et al., CVPRW 2020): the image is masked with each channel, scaled to [0, 1] and bilinearly resized;
// channels are weighted by the softmax over the masked images' logits.
//
// `image` (1, 3, S, S) normalized, `layer` (1, K, h, w), `importance` (K) ranks the channels; the `count` first that
// are not constant are used, all for 0. Returns (h, w) double on the CPU, zeros if all channels are constant.
at::Tensor score_cam(Backbone& backbone, const at::Tensor& image, const at::Tensor& layer, const at::Tensor& importance,
                     int64_t class_index, int count);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// How a class's logit is made up of the input and of every bias on the way (Srinivas and Fleuret, "Full-Gradient
// Representation for Neural Network Visualization", NeurIPS 2019, equation 3), of one image. A BatchNorm's bias is what
// it adds in evaluation, beta - mean gamma / sqrt(var + eps); LayerNorms and linear layers over positions count with
// theirs. What no position belongs to, as the classifier's bias, is left out.
struct FullGradient {
  at::Tensor input;                // (3, S, S): x times d logit / d x
  std::vector<at::Tensor> biases;  // (C, h, w) each: b times d logit / d z, z the layer's result
};

// `image` (1, 3, S, S). One backward pass through the whole network, whose activations are all kept. With ReLUs and
// BatchNorms alone, all parts and the classifier's bias add up to the logit.
FullGradient full_gradient(Backbone& backbone, const at::Tensor& image, int64_t class_index);

// The magnitudes of each part, scaled to [0, 1], bilinearly resized to S x S and summed over channels and parts
// (equation 5): (S, S) double on the CPU.
at::Tensor full_grad_map(const FullGradient& parts);

}  // namespace camsweep

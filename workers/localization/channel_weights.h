#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "workers/backbones/backbone.h"
#include "workers/localization/map_options.h"

// Maps of the last feature map F that are sums of its channels, without a backward pass. With global average pooling
// and a linear classifier, a norm between or before, d logit / d F is constant over the n positions: beta_k / n, where
// beta_k = d logit / d GAP_k (spec wsol_methods, 2). All tensors here are double, on the CPU.
namespace camsweep {

// The weights of a class (K): the classifier's row, or the exact ones (spec backbones, 3). `pooled` (K) is one
// image's GAP. Throws ConfigError for a network whose head leaves no class activation map, and for exact weights
// without average pooling.
at::Tensor class_weights(const Backbone& backbone, const at::Tensor& pooled, int64_t class_index,
                         MapOptions::CamWeight form);

// What the closed forms need of one image and class.
struct ClassScore {
  at::Tensor weights;   // (K), as MapOptions::cam_weight has them
  at::Tensor gradient;  // (K), beta
  at::Tensor pooled;    // (K), GAP
  at::Tensor without;   // (K), the logit with one channel at zero
  double logit = 0;
};

// Whether the method's map is a sum of channels that channel_weights() knows, and whether it takes the classifier's
// weights alone, not the gradient.
bool is_weighted_sum(MapMethod method);
bool is_classifier_sum(MapMethod method);

// How much each channel counts in a method's map (K), up to a positive factor that all channels share; of a feature map
// of n `positions`.
at::Tensor channel_weights(MapMethod method, const ClassScore& score, const MapOptions& options, int64_t positions);

// The weight of a channel as a formula: methods with equal ones have equal maps, once these are scaled.
std::string weight_formula(MapMethod method, HeadForm head, const MapOptions& options);

}  // namespace camsweep

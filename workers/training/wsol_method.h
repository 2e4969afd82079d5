#pragma once

#include <ATen/core/Tensor.h>

#include "workers/backbones/backbone.h"
#include "workers/backbones/method_points.h"
#include "workers/data/random.h"

namespace camsweep {

// Training methods that make class activation maps cover more of an object (spec wsol_methods, 4). Evaluation does not
// know of them: a network trained by one is a plain network.
struct MethodOptions {
  enum class Kind { kNone, kAdl, kBridgeGap } kind = Kind::kNone;

  // Attention-based dropout (ADL, Choe and Shim, CVPR 2019).
  double adl_rate = 0.75;  // share of batches whose most active positions are dropped; others are weighted
  double adl_gamma = 0.9;  // of the largest activation: where dropping begins

  // BridgeGAP (Kim et al., CVPR 2022).
  int bridge_warmup = 20;  // epochs before similarity and norm count
  double drop_weight = 2;
  double drop_threshold = 0.8;  // of the largest activation
  double drop_rate = 0.25;      // probability that a position above it is erased
  double similarity_weight = 0.5;
  double norm_weight = 0.05;
  double foreground = 0.4;  // normalized norm above which a position is of the object
  double background = 0.2;  // and below which it is not
  bool any_class = true;    // a position's sign is that of its most similar class (CUB), or of its label's (ILSVRC)
};

// (N, C, h, w) -> (N, 1, h, w): 0 where the mean over channels reaches gamma times its maximum, else 1. `is_signed`:
// the mean is counted from its minimum.
at::Tensor adl_drop_mask(const at::Tensor& map, double gamma, bool is_signed);
// (N, C, h, w) -> (N, 1, h, w): the sigmoid of the mean over channels.
at::Tensor adl_importance(const at::Tensor& map);

// The map with positions whose mean over channels exceeds `threshold` times its maximum erased, each with probability
// `rate`. `is_signed`: the mean is stretched to [0, 1] first.
at::Tensor attentive_drop(const at::Tensor& map, double threshold, double rate, bool is_signed, Random& random);

// BridgeGAP's terms for maps F (N, C, h, w), class weights W (K, C) and labels (N). With S_j(u) = cos(F(u), W_j) and
// N(u) = |F(u)| stretched to [0, 1]: the mean over images of
//   similarity: avg S_t where N < background - avg S_t where N > foreground
//   norm:       avg N where q < 0 - avg N where q > 0, with q = max_j S_j or S_t.
struct BridgeTerms {
  at::Tensor similarity;
  at::Tensor norm;
};
BridgeTerms bridge_terms(const at::Tensor& features, const at::Tensor& weights, const at::Tensor& labels,
                         const MethodOptions& options);

// A training pass through the trunk with the method's steps inside.
struct MethodPass {
  at::Tensor features;
  at::Tensor penalty;  // what the method adds to the loss; undefined: nothing
};
MethodPass run_method(Backbone& backbone, const at::Tensor& images, const at::Tensor& labels, ForwardContext context,
                      const MethodOptions& options, Random& random);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "workers/data/random.h"

namespace camsweep {

// Training methods that make class activation maps cover more of an object (spec wsol_methods, 4).
struct MethodOptions {
  enum class Kind { kNone, kAdl, kAcol, kSpg, kBridgeGap } kind = Kind::kNone;

  // Attention-based dropout (ADL, Choe and Shim, CVPR 2019).
  double adl_rate = 0.75;  // share of batches whose most active positions are dropped; others are weighted
  double adl_gamma = 0.9;  // of the largest activation: where dropping begins

  // Self-produced guidance (SPG, Zhang et al., ECCV 2018): above `high` a position is of the object, below `low` it is
  // not, by the class map, the later of the middle branches, and both of them.
  std::array<double, 3> spg_high = {0.7, 0.5, 0.7};
  std::array<double, 3> spg_low = {0.01, 0.05, 0.1};

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

// What positions (N, 1, H, W) in [0, 1] teach a branch: object (1) above `high`, or where fewer than 30 positions of an
// image are, above 0.7 of its largest; background (0) below `low`, which decides where both hold.
struct GuidanceTargets {
  at::Tensor values;  // (N, 1, H, W)
  at::Tensor known;   // of them, those that count: 1, else 0
};
GuidanceTargets guidance_targets(const at::Tensor& positions, double high, double low);
// The mean binary cross-entropy of logits (N, 1, H, W) over the known targets; 0 if there are none.
at::Tensor guidance_loss(const at::Tensor& logits, const GuidanceTargets& targets);

// SPG's terms, one for each branch, for the label's class map (N, h, w) and the branches' logits (N, 1, h', w'), all
// resized to the side of the images.
struct GuidanceLogits {
  at::Tensor first;   // of the earlier middle map
  at::Tensor second;  // of the later one
  at::Tensor last;    // of the last map
};
at::Tensor spg_penalty(const at::Tensor& class_map, const GuidanceLogits& logits, int64_t side,
                       const MethodOptions& options);

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

}  // namespace camsweep

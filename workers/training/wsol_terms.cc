#include "workers/training/wsol_terms.h"

#include <ATen/ATen.h>

#include "workers/backbones/erasing_head.h"
#include "workers/training/autocast.h"

namespace camsweep {
namespace {

constexpr double kEpsilon = 1e-15;  // of BridgeGAP's source, against empty sets
constexpr int64_t kPositions[] = {2, 3};

at::Tensor mean_over_channels(const at::Tensor& map) { return map.mean(1, /*keepdim=*/true); }

// The mean of `values` (N, h, w) where `mask` holds, image by image; 0 where it holds nowhere.
at::Tensor masked_mean(const at::Tensor& values, const at::Tensor& mask) {
  const at::Tensor kept = mask.to(values.scalar_type());
  return (values * kept).sum(at::IntArrayRef{1, 2}) / (kept.sum(at::IntArrayRef{1, 2}) + kEpsilon);
}

at::Tensor resized(const at::Tensor& maps, int64_t side) {
  return at::upsample_bilinear2d(maps, {side, side}, /*align_corners=*/false);
}

}  // namespace

at::Tensor adl_drop_mask(const at::Tensor& map, double gamma, bool is_signed) {
  at::Tensor mean = mean_over_channels(map.detach());
  if (is_signed) mean = mean - mean.amin(kPositions, true);
  return mean.lt(mean.amax(kPositions, true) * gamma).to(map.scalar_type());
}

at::Tensor adl_importance(const at::Tensor& map) { return mean_over_channels(map).sigmoid(); }

GuidanceTargets guidance_targets(const at::Tensor& positions, double high, double low) {
  constexpr int64_t kFewest = 30;
  constexpr double kShareOfLargest = 0.7;
  const at::Tensor above = positions.gt(high);
  const at::Tensor are_few = above.sum(kPositions, /*keepdim=*/true).lt(kFewest);
  const at::Tensor relative = positions.gt(positions.amax(kPositions, true) * kShareOfLargest);
  const at::Tensor background = positions.lt(low);
  const at::Tensor object = at::where(are_few, relative, above).logical_and(background.logical_not());
  return {.values = object.to(positions.scalar_type()),
          .known = object.logical_or(background).to(positions.scalar_type())};
}

at::Tensor guidance_loss(const at::Tensor& logits, const GuidanceTargets& targets) {
  const at::Tensor losses =
      at::binary_cross_entropy_with_logits(logits, targets.values, targets.known, {}, at::Reduction::None);
  return losses.sum() / targets.known.sum().clamp_min(1);
}

at::Tensor spg_penalty(const at::Tensor& class_map, const GuidanceLogits& logits, int64_t side,
                       const MethodOptions& options) {
  const auto targets = [&](const at::Tensor& positions, size_t i) {
    return guidance_targets(positions.detach(), options.spg_high[i], options.spg_low[i]);
  };
  const at::Tensor first = resized(logits.first.to(at::kFloat), side);
  const at::Tensor second = resized(logits.second.to(at::kFloat), side);
  const at::Tensor last = resized(logits.last.to(at::kFloat), side);
  const at::Tensor attention = stretched(resized(class_map.detach().to(at::kFloat).unsqueeze(1), side));
  const at::Tensor fused = (first.sigmoid() + second.sigmoid()) / 2;
  return guidance_loss(second, targets(attention, 0)) + guidance_loss(first, targets(second.sigmoid(), 1)) +
         guidance_loss(last, targets(fused, 2));
}

at::Tensor attentive_drop(const at::Tensor& map, double threshold, double rate, bool is_signed, Random& random) {
  at::Tensor mean = mean_over_channels(map.detach()).to(at::kFloat);
  if (is_signed) mean = stretched(mean);
  at::Tensor drawn = at::empty(mean.sizes(), at::kBool);
  bool* erased = drawn.data_ptr<bool>();
  for (int64_t i = 0; i < drawn.numel(); ++i) erased[i] = random.uniform() < rate;
  const at::Tensor is_candidate = mean.gt(mean.amax(kPositions, true) * threshold);
  return map * is_candidate.logical_and(drawn.to(map.device())).logical_not().to(map.scalar_type());
}

BridgeTerms bridge_terms(const at::Tensor& given, const at::Tensor& weights, const at::Tensor& labels,
                         const MethodOptions& options) {
  const NoAutocast full_precision;
  const at::Tensor features = given.to(at::kFloat);
  const at::Tensor length = features.norm(2, at::IntArrayRef{1}, /*keepdim=*/true);  // (N, 1, h, w)
  const at::Tensor direction = features / (length + kEpsilon);
  const at::Tensor rows = weights.to(at::kFloat) / (weights.norm(2, at::IntArrayRef{1}, true) + kEpsilon);
  const at::Tensor similarity = at::einsum("nchw,kc->nkhw", {direction, rows});
  const at::Tensor index = labels.view({-1, 1, 1, 1}).expand({-1, 1, features.size(2), features.size(3)});
  const at::Tensor of_label = similarity.gather(1, index).squeeze(1);
  const at::Tensor norm = stretched(length).squeeze(1);
  const at::Tensor sign = options.any_class ? similarity.amax(1) : of_label;
  return {.similarity =
              (masked_mean(of_label, norm.lt(options.background)) - masked_mean(of_label, norm.gt(options.foreground)))
                  .mean(),
          .norm = (masked_mean(norm, sign.lt(0)) - masked_mean(norm, sign.gt(0))).mean()};
}

}  // namespace camsweep

#include "workers/training/wsol_method.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>

namespace camsweep {
namespace {

constexpr double kEpsilon = 1e-15;  // of the source, against empty sets and constant maps
constexpr int64_t kPositions[] = {2, 3};

at::Tensor mean_over_channels(const at::Tensor& map) { return map.mean(1, /*keepdim=*/true); }

// (N, 1, h, w) to [0, 1] image by image.
at::Tensor stretched(const at::Tensor& map) {
  const at::Tensor low = map.amin(kPositions, true);
  return (map - low) / (map.amax(kPositions, true) - low + kEpsilon);
}

// The mean of `values` (N, h, w) where `mask` holds, image by image; 0 where it holds nowhere.
at::Tensor masked_mean(const at::Tensor& values, const at::Tensor& mask) {
  const at::Tensor kept = mask.to(values.scalar_type());
  return (values * kept).sum(at::IntArrayRef{1, 2}) / (kept.sum(at::IntArrayRef{1, 2}) + kEpsilon);
}

MethodPass run_adl(Backbone& backbone, const at::Tensor& images, ForwardContext context, const MethodOptions& options,
                   Random& random) {
  const std::vector<TrunkPoint> points = method_points(backbone).adl;
  const bool is_signed = has_signed_maps(backbone.variant());
  const std::function<at::Tensor(TrunkPoint, const at::Tensor&)> act = [&](TrunkPoint point, const at::Tensor& map) {
    if (std::find(points.begin(), points.end(), point) == points.end()) return map;
    const bool drops = random.uniform() < options.adl_rate;
    return map * (drops ? adl_drop_mask(map, options.adl_gamma, is_signed) : adl_importance(map));
  };
  context.at_point = &act;
  return {backbone.features(images, context), {}};
}

MethodPass run_bridge(Backbone& backbone, const at::Tensor& images, const at::Tensor& labels, ForwardContext context,
                      const MethodOptions& options, Random& random) {
  const TrunkPoint point = method_points(backbone).bridge;
  at::Tensor seen;
  const std::function<at::Tensor(TrunkPoint, const at::Tensor&)> watch = [&](TrunkPoint at, const at::Tensor& map) {
    if (at == point) seen = map;
    return map;
  };
  context.at_point = &watch;
  MethodPass pass{backbone.features(images, context), {}};
  context.at_point = nullptr;
  const at::Tensor erased =
      attentive_drop(seen, options.drop_threshold, options.drop_rate, has_signed_maps(backbone.variant()), random);
  const at::Tensor second = backbone.features_from(point, erased, context);
  pass.penalty = (pass.features - second).abs().to(at::kFloat).mean() * options.drop_weight;
  if (context.epoch < options.bridge_warmup) return pass;
  const BridgeTerms terms = bridge_terms(pass.features, backbone.classifier_weight(), labels, options);
  pass.penalty = pass.penalty + terms.similarity * options.similarity_weight + terms.norm * options.norm_weight;
  return pass;
}

}  // namespace

at::Tensor adl_drop_mask(const at::Tensor& map, double gamma, bool is_signed) {
  at::Tensor mean = mean_over_channels(map.detach());
  if (is_signed) mean = mean - mean.amin(kPositions, true);
  return mean.lt(mean.amax(kPositions, true) * gamma).to(map.scalar_type());
}

at::Tensor adl_importance(const at::Tensor& map) { return mean_over_channels(map).sigmoid(); }

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

MethodPass run_method(Backbone& backbone, const at::Tensor& images, const at::Tensor& labels, ForwardContext context,
                      const MethodOptions& options, Random& random) {
  switch (options.kind) {
    case MethodOptions::Kind::kAdl:
      return run_adl(backbone, images, context, options, random);
    case MethodOptions::Kind::kBridgeGap:
      return run_bridge(backbone, images, labels, context, options, random);
    default:
      return {backbone.features(images, context), {}};
  }
}

}  // namespace camsweep

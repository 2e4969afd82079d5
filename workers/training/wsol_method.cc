#include "workers/training/wsol_method.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <functional>

#include "schemas/error.h"
#include "workers/backbones/erasing_head.h"
#include "workers/backbones/method_points.h"
#include "workers/training/autocast.h"

namespace camsweep {
namespace {

using AtPoint = std::function<at::Tensor(TrunkPoint, const at::Tensor&)>;

// Channels of the maps that guidance reads: behind its first point, and of the last map.
std::pair<int64_t, int64_t> guided_channels(Backbone& backbone, at::Device device) {
  const at::NoGradGuard no_grad;
  const TrunkPoint point = method_points(backbone).guidance.front();
  int64_t middle = 0;
  const AtPoint watch = [&](TrunkPoint at, const at::Tensor& map) {
    if (at == point) middle = map.size(1);
    return map;
  };
  const int64_t side = smallest_side(backbone.variant());
  const at::Tensor images = at::zeros({1, 3, side, side}, at::TensorOptions(device));
  const int64_t last = backbone.features(images, {.at_point = &watch}).size(1);
  return {middle, last};
}

// The label's class activation map: (N, C, h, w) -> (N, h, w).
at::Tensor class_map(const Backbone& backbone, const at::Tensor& features, const at::Tensor& labels) {
  const at::NoGradGuard no_grad;
  const NoAutocast full_precision;
  const at::Tensor rows = backbone.classifier_weight().index_select(0, labels);  // (N, C)
  return at::einsum("nc,nchw->nhw", {rows.to(at::kFloat), features.to(at::kFloat)});
}

}  // namespace

WsolMethod::WsolMethod(Backbone& backbone, const MethodOptions& options, uint64_t seed, at::Device device,
                       bool channels_last)
    : backbone_(backbone), options_(options) {
  if (options.kind != MethodOptions::Kind::kSpg) return;
  const auto [middle, last] = guided_channels(backbone, device);
  branches_.emplace(middle, last, seed);
  branches_->to(device, channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

std::vector<NamedTensor> WsolMethod::parameters() const {
  return branches_ ? branches_->parameters() : std::vector<NamedTensor>();
}

MethodPass WsolMethod::run(const at::Tensor& images, const at::Tensor& labels, const ForwardContext& context,
                           Random& random) {
  switch (options_.kind) {
    case MethodOptions::Kind::kAdl:
      return run_adl(images, context, random);
    case MethodOptions::Kind::kAcol:
      return run_acol(images, labels, context);
    case MethodOptions::Kind::kSpg:
      return run_spg(images, labels, context);
    case MethodOptions::Kind::kBridgeGap:
      return run_bridge(images, labels, context, random);
    case MethodOptions::Kind::kNone:
      break;
  }
  return {.logits = backbone_.classify(backbone_.features(images, context), context)};
}

MethodPass WsolMethod::run_adl(const at::Tensor& images, ForwardContext context, Random& random) {
  const std::vector<TrunkPoint> points = method_points(backbone_).adl;
  const bool is_signed = has_signed_maps(backbone_.variant());
  const AtPoint act = [&](TrunkPoint point, const at::Tensor& map) {
    if (std::find(points.begin(), points.end(), point) == points.end()) return map;
    const bool drops = random.uniform() < options_.adl_rate;
    return map * (drops ? adl_drop_mask(map, options_.adl_gamma, is_signed) : adl_importance(map));
  };
  context.at_point = &act;
  return {.logits = backbone_.classify(backbone_.features(images, context), context)};
}

MethodPass WsolMethod::run_acol(const at::Tensor& images, const at::Tensor& labels, const ForwardContext& context) {
  const ErasingHead* head = backbone_.erasing_head();
  CAMSWEEP_CHECK(head, "a network that ACoL trains has its head");
  const ErasingHead::Branches branches = head->branches(backbone_.features(images, context), labels, context);
  return {.logits = branches.logits, .second_logits = branches.erased_logits};
}

MethodPass WsolMethod::run_spg(const at::Tensor& images, const at::Tensor& labels, ForwardContext context) {
  const auto [first, second] = method_points(backbone_).guidance;
  GuidanceLogits logits;
  const AtPoint watch = [&, first = first, second = second](TrunkPoint at, const at::Tensor& map) {
    if (at == first) logits.first = branches_->of_first(map, context);
    if (at == second) logits.second = branches_->of_second(map, context);
    return map;
  };
  context.at_point = &watch;
  const at::Tensor features = backbone_.features(images, context);
  logits.last = branches_->of_last(features, context);
  return {.logits = backbone_.classify(features, context),
          .penalty = spg_penalty(class_map(backbone_, features, labels), logits, images.size(2), options_)};
}

MethodPass WsolMethod::run_bridge(const at::Tensor& images, const at::Tensor& labels, ForwardContext context,
                                  Random& random) {
  const TrunkPoint point = method_points(backbone_).bridge;
  at::Tensor seen;
  const AtPoint watch = [&](TrunkPoint at, const at::Tensor& map) {
    if (at == point) seen = map;
    return map;
  };
  context.at_point = &watch;
  const at::Tensor features = backbone_.features(images, context);
  context.at_point = nullptr;
  const at::Tensor erased =
      attentive_drop(seen, options_.drop_threshold, options_.drop_rate, has_signed_maps(backbone_.variant()), random);
  const at::Tensor second = backbone_.features_from(point, erased, context);
  MethodPass pass{.logits = backbone_.classify(features, context),
                  .penalty = (features - second).abs().to(at::kFloat).mean() * options_.drop_weight};
  if (context.epoch < options_.bridge_warmup) return pass;
  const BridgeTerms terms = bridge_terms(features, backbone_.classifier_weight(), labels, options_);
  pass.penalty = pass.penalty + terms.similarity * options_.similarity_weight + terms.norm * options_.norm_weight;
  return pass;
}

}  // namespace camsweep

#include "workers/backbones/erasing_head.h"

#include <ATen/ATen.h>

#include <cmath>

namespace camsweep {
namespace {

// He's, for ReLUs, by fan_out, as the benchmark of Choe et al. (CVPR 2020) draws them.
Conv2d convolution(TensorRegistry& registry, const std::string& name, const ConvShape& shape) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(shape.fan_out()));
  return {registry, name, shape, Initializer::normal(deviation), Initializer::constant(0)};
}

// The label's map of each image: (N, classes, h, w) -> (N, h, w).
at::Tensor of_labels(const at::Tensor& maps, const at::Tensor& labels) {
  const at::Tensor index = labels.view({-1, 1, 1, 1}).expand({-1, 1, maps.size(2), maps.size(3)});
  return maps.gather(1, index).squeeze(1);
}

}  // namespace

ErasingHead::Branch::Branch(TensorRegistry& registry, const std::string& name, int64_t in, int64_t hidden,
                            int64_t classes)
    : convolutions_{
          convolution(registry, name + ".0", {.in = in, .out = hidden, .kernel = 3, .padding = 1}),
          convolution(registry, name + ".2", {.in = hidden, .out = hidden, .kernel = 3, .padding = 1}),
          convolution(registry, name + ".4", {.in = hidden, .out = classes}),
      } {}

at::Tensor ErasingHead::Branch::operator()(const at::Tensor& x, const ForwardContext& context) const {
  const at::Tensor first = relu(convolutions_[0](x), context);
  return convolutions_[2](relu(convolutions_[1](first), context));
}

ErasingHead::ErasingHead(TensorRegistry& registry, const ErasingHeadShape& shape, const BackboneOptions& options)
    : pool_(options.pool),
      threshold_(options.erasing->threshold),
      batch_norm_(shape.norm == HeadForm::kBatchNorm
                      ? std::optional<BatchNorm2d>(std::in_place, registry, "norm", shape.channels)
                      : std::nullopt),
      layer_norm_(shape.norm == HeadForm::kLayerNorm
                      ? std::optional<LayerNorm>(std::in_place, registry, "norm", shape.channels)
                      : std::nullopt),
      first_(registry, "classifier_A", shape.channels, options.erasing->channels, options.classes),
      second_(registry, "classifier_B", shape.channels, options.erasing->channels, options.classes) {}

at::Tensor ErasingHead::normalized(const at::Tensor& features, const ForwardContext& context) const {
  if (batch_norm_) return (*batch_norm_)(features, context);
  return layer_norm_ ? layer_norm_->over_channels(features) : features;
}

at::Tensor ErasingHead::pool(const at::Tensor& maps) const {
  return pool_ == Pool::kGap ? maps.mean({2, 3}) : maps.amax({2, 3});
}

at::Tensor ErasingHead::operator()(const at::Tensor& features, const ForwardContext& context) const {
  return pool(first_(normalized(features, context), context));
}

ErasingHead::Branches ErasingHead::branches(const at::Tensor& features, const at::Tensor& labels,
                                            const ForwardContext& context) const {
  const at::Tensor x = normalized(features, context);
  const at::Tensor maps = first_(x, context);
  Branches result{.logits = pool(maps), .erased_logits = {}, .map = of_labels(maps, labels), .erased_map = {}};
  const at::Tensor kept = stretched(result.map.detach()).lt(threshold_).to(x.scalar_type()).unsqueeze(1);
  const at::Tensor others = second_(x * kept, context);
  result.erased_logits = pool(others);
  result.erased_map = of_labels(others, labels);
  return result;
}

at::Tensor stretched(const at::Tensor& maps) {
  constexpr int64_t kPositions[] = {-2, -1};
  const at::Tensor low = maps.amin(kPositions, /*keepdim=*/true);
  const at::Tensor span = maps.amax(kPositions, true) - low;
  return (maps - low) / at::where(span.gt(0), span, 1.0);
}

}  // namespace camsweep

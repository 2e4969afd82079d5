#include "workers/backbones/head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/adaptive_max_pool2d.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/var.h>
#include <fmt/format.h>

#include <tuple>

namespace camsweep {
namespace {

constexpr int kHeadDropout = 1000;  // the number of a head's first dropout layer, beyond those of a trunk

}  // namespace

LinearInit new_classifier(int64_t channels) { return {default_uniform(channels), default_uniform(channels)}; }

PooledHead::PooledHead(TensorRegistry& registry, const PooledHeadShape& shape, const BackboneOptions& options)
    : pool_(options.pool),
      weight_form_(shape.weight),
      dropout_(shape.dropout, kHeadDropout),
      batch_norm_(shape.form == HeadForm::kBatchNorm
                      ? std::optional<BatchNorm2d>(std::in_place, registry, "norm", shape.channels)
                      : std::nullopt),
      layer_norm_(shape.form == HeadForm::kLayerNorm
                      ? std::optional<LayerNorm>(std::in_place, registry, "norm", shape.channels)
                      : std::nullopt),
      linear_(registry, shape.linear_name, shape.channels, options.classes, shape.init, shape.weight) {}

at::Tensor PooledHead::pool(const at::Tensor& map) const {
  return pool_ == Pool::kGap ? map.mean({2, 3}) : map.amax({2, 3});
}

at::Tensor PooledHead::operator()(const at::Tensor& features, const ForwardContext& context) const {
  const at::Tensor map = batch_norm_ ? (*batch_norm_)(features, context) : features;
  if (weight_form_ == LinearWeight::kConvolution) return pool(linear_.over_positions(dropout_(map, context)));
  const at::Tensor pooled = pool(map);  // (N, C)
  return linear_(dropout_(layer_norm_ ? (*layer_norm_)(pooled) : pooled, context));
}

HeadForm PooledHead::form() const {
  if (batch_norm_) return HeadForm::kBatchNorm;
  return layer_norm_ ? HeadForm::kLayerNorm : HeadForm::kLinear;
}

at::Tensor PooledHead::exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const {
  const at::Tensor row = weight()[class_index];  // (C)
  if (batch_norm_) return row * batch_norm_->scale();
  if (!layer_norm_) return row.clone();
  const at::Tensor deviation = (at::var(pooled, /*unbiased=*/false) + LayerNorm::kEps).sqrt();
  const at::Tensor scaled = row * layer_norm_->weight();
  return (scaled - scaled.mean()) / deviation;
}

double PooledHead::exact_cam_constant(int64_t class_index) const {
  const at::Tensor row = weight()[class_index];
  at::Tensor constant = linear_.bias()[class_index];
  if (batch_norm_) constant = constant + row.dot(batch_norm_->shift());
  if (layer_norm_) constant = constant + row.dot(layer_norm_->bias());
  return constant.item<double>();
}

at::Tensor PooledHead::scaled_row(int64_t class_index, const at::Tensor& like) const {
  const at::Tensor row = weight()[class_index].to(like.options());
  if (batch_norm_) return row * batch_norm_->scale().to(like.options());
  return layer_norm_ ? row * layer_norm_->weight().to(like.options()) : row;
}

// With a LayerNorm, spec wsol_methods, 2: (u - mean(u) - z mean(u z)) / s for the normalized features z.
at::Tensor PooledHead::logit_gradient(const at::Tensor& pooled, int64_t class_index) const {
  const at::Tensor row = scaled_row(class_index, pooled);
  if (!layer_norm_) return row.clone();
  const at::Tensor deviation = (at::var(pooled, /*unbiased=*/false) + LayerNorm::kEps).sqrt();
  const at::Tensor normalized = (pooled - pooled.mean()) / deviation;
  return (row - row.mean() - normalized * (row * normalized).mean()) / deviation;
}

// With a LayerNorm, mean and mean square lose the channel's part, and so does the product with the row.
at::Tensor PooledHead::logits_without_channel(const at::Tensor& pooled, int64_t class_index) const {
  const at::Tensor row = scaled_row(class_index, pooled);
  const at::Tensor parts = row * pooled;
  const double constant = exact_cam_constant(class_index);
  if (!layer_norm_) return parts.sum() - parts + constant;
  const auto channels = static_cast<double>(pooled.numel());
  const at::Tensor mean = (pooled.sum() - pooled) / channels;
  const at::Tensor variance = (pooled.square().sum() - pooled.square()) / channels - mean.square();
  return (parts.sum() - parts - mean * row.sum()) / (variance.clamp_min(0) + LayerNorm::kEps).sqrt() + constant;
}

FullyConnectedHead::FullyConnectedHead(TensorRegistry& registry, const FullyConnectedHeadShape& shape,
                                       const BackboneOptions& options)
    : pool_(options.pool), grid_(shape.grid) {
  int64_t in = shape.channels * shape.grid * shape.grid;
  for (size_t i = 0; i < shape.indices.size(); ++i) {
    const bool last = i + 1 == shape.indices.size();
    const int64_t out = last ? options.classes : shape.hidden;
    dropouts_.emplace_back(shape.dropout[i], kHeadDropout + static_cast<int>(i));
    layers_.emplace_back(registry, fmt::format("{}.{}", shape.name, shape.indices[i]), in, out,
                         shape.init ? *shape.init : new_classifier(in));
    in = out;
  }
}

at::Tensor FullyConnectedHead::operator()(const at::Tensor& features, const ForwardContext& context) const {
  const int64_t sides[] = {grid_, grid_};
  const at::Tensor grid = pool_ == Pool::kGap ? at::adaptive_avg_pool2d(features, sides)
                                              : std::get<0>(at::adaptive_max_pool2d(features, sides));
  at::Tensor x = grid.flatten(1);  // (N, C * grid * grid), channel by channel whatever the memory format
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (i > 0) x = x.relu();
    x = layers_[i](dropouts_[i](x, context));
  }
  return x;
}

}  // namespace camsweep

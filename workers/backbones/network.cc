#include "workers/backbones/network.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/var.h>
#include <c10/core/GradMode.h>

#include "schemas/error.h"

namespace camsweep {

Head::Head(TensorRegistry& registry, const HeadShape& shape, const BackboneOptions& options) : pool_(options.pool) {
  if (shape.norm == HeadNorm::kBatchNorm) batch_norm_.emplace(registry, "norm", shape.channels);
  if (shape.norm == HeadNorm::kLayerNorm) layer_norm_.emplace(registry, "norm", shape.channels);
  linear_.emplace(registry, shape.linear_name, shape.channels, options.classes, shape.init);
}

at::Tensor Head::operator()(const at::Tensor& features, const ForwardContext& context) const {
  const at::Tensor map = batch_norm_ ? (*batch_norm_)(features, context) : features;
  const at::Tensor pooled = pool_ == Pool::kGap ? map.mean({2, 3}) : map.amax({2, 3});  // (N, C)
  return (*linear_)(layer_norm_ ? (*layer_norm_)(pooled) : pooled);
}

HeadNorm Head::norm() const {
  if (batch_norm_) return HeadNorm::kBatchNorm;
  return layer_norm_ ? HeadNorm::kLayerNorm : HeadNorm::kNone;
}

at::Tensor Head::exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const {
  const at::Tensor row = weight()[class_index];  // (C)
  if (batch_norm_) return row * batch_norm_->scale();
  if (!layer_norm_) return row.clone();
  const at::Tensor deviation = (at::var(pooled, /*unbiased=*/false) + LayerNorm::kEps).sqrt();
  const at::Tensor scaled = row * layer_norm_->weight();
  return (scaled - scaled.mean()) / deviation;
}

double Head::exact_cam_constant(int64_t class_index) const {
  const at::Tensor row = weight()[class_index];
  at::Tensor constant = linear_->bias()[class_index];
  if (batch_norm_) constant = constant + row.dot(batch_norm_->shift());
  if (layer_norm_) constant = constant + row.dot(layer_norm_->bias());
  return constant.item<double>();
}

LinearInit new_classifier(int64_t channels) { return {default_uniform(channels), default_uniform(channels)}; }

at::Tensor Network::features(const at::Tensor& images, const ForwardContext& context) {
  CAMSWEEP_CHECK(images.dim() == 4 && images.size(1) == 3, "a backbone's input is (N, 3, H, W)");
  return compute_features(images.contiguous(format_), context);
}

at::Tensor Network::classify(const at::Tensor& features, const ForwardContext& context) {
  return (*head_)(features, context);
}

at::Tensor Network::exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return head_->exact_cam_weights(pooled, class_index);
}

double Network::exact_cam_constant(int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return head_->exact_cam_constant(class_index);
}

void Network::to(at::Device device, bool channels_last) {
  format_ = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  registry_.to(device, format_);
}

void Network::check_class(int64_t class_index) const {
  CAMSWEEP_CHECK(options_.pool == Pool::kGap, "exact CAM weights exist for global average pooling");
  CAMSWEEP_CHECK(class_index >= 0 && class_index < options_.classes, "a class index is below the class count");
}

}  // namespace camsweep

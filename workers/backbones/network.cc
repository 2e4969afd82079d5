#include "workers/backbones/network.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "schemas/error.h"

namespace camsweep {

at::Tensor Network::features(const at::Tensor& images, const ForwardContext& context) {
  const bool signals = takes_signals(variant_);
  CAMSWEEP_CHECK(images.dim() == 4 && images.size(1) == (signals ? 1 : 3),
                 "a backbone's input is (N, 3, H, W), or signals (N, 1, length, 1)");
  const int64_t side = signals ? images.size(2) : std::min(images.size(2), images.size(3));
  const int least = context.auxiliary_logits ? smallest_training_side(variant_) : smallest_side(variant_);
  if (side < least) {
    throw ConfigError(fmt::format("{} takes images of at least {} px, found {}", variant_.name, least, side));
  }
  at::Tensor x = images;
  for (int stage = 0; stage < stages(); ++stage) x = run_stage(stage, x, context);
  return x;
}

at::Tensor Network::run_stage(int stage, const at::Tensor& x, const ForwardContext& context) {
  CAMSWEEP_CHECK(stage >= 0 && stage < stages(), "a stage's number is below their count");
  return compute_stage(stage, x.contiguous(format_), context);
}

at::Tensor Network::features_from(TrunkPoint point, const at::Tensor& below, const ForwardContext& context) {
  at::Tensor x = compute_blocks(point.stage, point.block + 1, below.contiguous(format_), context);
  for (int stage = point.stage + 1; stage < stages(); ++stage) x = run_stage(stage, x, context);
  return x;
}

at::Tensor Network::compute_blocks(int, int, const at::Tensor&, const ForwardContext&) const {
  throw ConfigError(fmt::format("the family {} has no points behind its blocks", variant_.family));
}

at::Tensor Network::classify(const at::Tensor& features, const ForwardContext& context) {
  return std::visit([&](const auto& head) { return head(features, context); }, *head_);
}

LayerGroups Network::layer_groups() const {
  LayerGroups groups{.count = layer_group_count(), .group = {}};
  for (const NamedTensor& parameter : parameters()) {
    const bool of_erasing_head = parameter.name.starts_with(ErasingHead::kPrefix);
    groups.group.push_back(of_erasing_head ? groups.count - 1 : layer_group(parameter.name));
    CAMSWEEP_CHECK(groups.group.back() >= 0 && groups.group.back() < groups.count, "a layer group is below the count");
  }
  return groups;
}

void Network::set_head(const PooledHeadShape& shape) {
  if (options_.erasing) {
    head_.emplace(ErasingHead(registry_, {.norm = shape.form, .channels = shape.channels}, options_));
  } else {
    head_.emplace(PooledHead(registry_, shape, options_));
  }
}

void Network::set_head(const FullyConnectedHeadShape& shape) {
  if (options_.erasing) {
    head_.emplace(ErasingHead(registry_, {.channels = shape.channels}, options_));
  } else {
    head_.emplace(FullyConnectedHead(registry_, shape, options_));
  }
}

HeadForm Network::head_form() const {
  if (erasing_head()) return HeadForm::kErasing;
  const auto* pooled = std::get_if<PooledHead>(&*head_);
  return pooled ? pooled->form() : HeadForm::kFullyConnected;
}

at::Tensor Network::exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return pooled_head().exact_cam_weights(pooled, class_index);
}

double Network::exact_cam_constant(int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return pooled_head().exact_cam_constant(class_index);
}

at::Tensor Network::logit_gradient(const at::Tensor& pooled, int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return pooled_head().logit_gradient(pooled, class_index);
}

at::Tensor Network::logits_without_channel(const at::Tensor& pooled, int64_t class_index) const {
  check_class(class_index);
  const at::NoGradGuard no_grad;
  return pooled_head().logits_without_channel(pooled, class_index);
}

void Network::to(at::Device device, bool channels_last) {
  format_ = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  registry_.to(device, format_);
}

const PooledHead& Network::pooled_head() const {
  const auto* pooled = std::get_if<PooledHead>(&*head_);
  CAMSWEEP_CHECK(pooled, "only a pooled head has weights of a class activation map");
  return *pooled;
}

void Network::check_class(int64_t class_index) const {
  CAMSWEEP_CHECK(options_.pool == Pool::kGap, "exact CAM weights exist for global average pooling");
  CAMSWEEP_CHECK(class_index >= 0 && class_index < options_.classes, "a class index is below the class count");
}

std::string_view key_part(std::string_view key, int index) {
  for (; index > 0; --index) {
    const size_t dot = key.find('.');
    if (dot == std::string_view::npos) return {};
    key.remove_prefix(dot + 1);
  }
  return key.substr(0, key.find('.'));
}

int key_number(std::string_view key, int index) {
  const std::string_view part = key_part(key, index);
  int number = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
  CAMSWEEP_CHECK(error == std::errc() && end == part.data() + part.size(), "this part of a key is a number");
  return number;
}

}  // namespace camsweep

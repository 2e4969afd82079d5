#include "workers/backbones/convnext_parts.h"

#include <ATen/ops/gelu.h>

#include <algorithm>

#include "workers/backbones/input_gradient.h"

namespace camsweep {
namespace {

int64_t hidden(int64_t channels, const BackboneVariant& variant) {
  return static_cast<int64_t>(static_cast<double>(channels) * variant.ffn_ratio);
}

LinearWeight form(const BackboneVariant& variant) {
  return variant.family == "convnext" && variant.block == "conv" ? LinearWeight::kConvolution : LinearWeight::kMatrix;
}

}  // namespace

Initializer small_normal() { return Initializer::normal(0.02); }

LinearInit small_normal_linear() { return {small_normal(), Initializer::constant(0)}; }

Downsample::Downsample(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out)
    : norm(registry, name + ".0", in),
      conv(registry, name + ".1", {.in = in, .out = out, .kernel = 2, .stride = 2}, small_normal(),
           Initializer::constant(0)) {}

FeedForward::FeedForward(TensorRegistry& registry, const std::string& name, const char* norm, int64_t channels,
                         const BackboneVariant& variant)
    : norm_(registry, name + "." + norm, channels),
      expand_(registry, name + ".pwconv1", channels, hidden(channels, variant), small_normal_linear(), form(variant)),
      project_(registry, name + ".pwconv2", hidden(channels, variant), channels, small_normal_linear(), form(variant)) {
}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  const auto widened = [this](const at::Tensor& y) { return at::gelu(expand_(norm_(y))); };
  return project_(widen(channels_to_end(x), expand_.weight(), widened));
}

int convnext_layer_group(std::string_view key, int blocks_per_group) {
  constexpr int kDownsample[] = {0, 2, 3, 12};
  constexpr int kStage[] = {1, 2, 3, 12};
  constexpr int kLastOfThirdStage = 11;
  if (key.starts_with("downsample_layers.")) return kDownsample[key_number(key, 1)];
  if (!key.starts_with("stages.")) return kConvNextLayerGroups - 1;
  const int stage = key_number(key, 1);
  if (stage != 2) return kStage[stage];
  return std::min(kStage[stage] + key_number(key, 2) / blocks_per_group, kLastOfThirdStage);
}

}  // namespace camsweep

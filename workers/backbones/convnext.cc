#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Liu et al., "A ConvNet for the 2020s", CVPR 2022; names of the official implementation.

constexpr double kLayerScale = 1e-6;

// The source draws from a normal truncated at 100 standard deviations: a plain normal.
Initializer small_normal() { return Initializer::normal(0.02); }

LinearInit small_normal_linear() { return {small_normal(), Initializer::constant(0)}; }

class Block {
 public:
  Block(TensorRegistry& registry, const std::string& name, int64_t channels, int64_t kernel,
        const BackboneVariant& variant, DropPath drop_path)
      : scale_(registry.add_parameter(name + ".gamma", {channels}, Initializer::constant(kLayerScale))),
        depthwise_(registry, name + ".dwconv", depthwise(channels, kernel), small_normal(), Initializer::constant(0)),
        norm_(registry, name + ".norm", channels),
        expand_(registry, name + ".pwconv1", channels, hidden(channels, variant), small_normal_linear(), form(variant)),
        project_(registry, name + ".pwconv2", hidden(channels, variant), channels, small_normal_linear(),
                 form(variant)),
        drop_path_(drop_path) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    at::Tensor branch = norm_(channels_to_end(depthwise_(x)));  // (N, H, W, C)
    branch = project_(at::gelu(expand_(branch))) * scale_;
    return x + drop_path_(channels_to_front(branch), context);
  }

 private:
  static int64_t hidden(int64_t channels, const BackboneVariant& variant) {
    return static_cast<int64_t>(static_cast<double>(channels) * variant.ffn_ratio);
  }
  static LinearWeight form(const BackboneVariant& variant) {
    return variant.block == "conv" ? LinearWeight::kConvolution : LinearWeight::kMatrix;
  }

  at::Tensor scale_;
  Conv2d depthwise_;
  LayerNorm norm_;
  Linear expand_;
  Linear project_;
  DropPath drop_path_;
};

// Halves the resolution: norm, then a 2x2 convolution. The stem is the same with the two exchanged.
struct Downsample {
  LayerNorm norm;
  Conv2d conv;

  Downsample(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out)
      : norm(registry, name + ".0", in),
        conv(registry, name + ".1", {.in = in, .out = out, .kernel = 2, .stride = 2}, small_normal(),
             Initializer::constant(0)) {}

  at::Tensor operator()(const at::Tensor& x) const { return conv(norm.over_channels(x)); }
};

class ConvNext final : public Network {
 public:
  ConvNext(const BackboneVariant& variant, const BackboneOptions& options)
      : Network(variant, options),
        stem_conv_(registry(), "downsample_layers.0.0", {.in = 3, .out = variant.widths[0], .kernel = 4, .stride = 4},
                   small_normal(), Initializer::constant(0)),
        stem_norm_(registry(), "downsample_layers.0.1", variant.widths[0]) {
    const std::vector<int>& widths = variant.widths;
    for (size_t stage = 1; stage < 4; ++stage) {
      downsample_.emplace_back(registry(), fmt::format("downsample_layers.{}", stage), widths[stage - 1],
                               widths[stage]);
    }
    int blocks = 0;
    for (const int depth : variant.depths) blocks += depth;
    int index = 0;
    for (size_t stage = 0; stage < 4; ++stage) {
      for (int block = 0; block < variant.depths[stage]; ++block, ++index) {
        stages_[stage].emplace_back(registry(), fmt::format("stages.{}.{}", stage, block), widths[stage],
                                    variant.kernels[stage], variant,
                                    DropPath(drop_path_rate(options.drop_path, index, blocks), index));
      }
    }
    // CAM Back Again drops the norm before the classifier.
    const bool paper = options.head == HeadKind::kPaper;
    const bool on_map = variant.norm == "map";
    if (on_map && !paper) map_norm_.emplace(registry(), "norm", widths[3]);
    set_head(PooledHeadShape{.linear_name = "head",
                             .form = paper || on_map ? HeadForm::kLinear : HeadForm::kLayerNorm,
                             .channels = widths[3],
                             .init = paper ? new_classifier(widths[3]) : small_normal_linear()});
  }

 private:
  at::Tensor compute_features(const at::Tensor& images, const ForwardContext& context) const override {
    at::Tensor x = stem_norm_.over_channels(stem_conv_(images));
    for (size_t stage = 0; stage < 4; ++stage) {
      if (stage > 0) x = downsample_[stage - 1](x);
      for (const Block& block : stages_[stage]) x = block(x, context);
    }
    return map_norm_ ? map_norm_->over_channels(x) : x;
  }

  int layer_group_count() const override { return kConvNextLayerGroups; }
  int layer_group(std::string_view key) const override { return convnext_layer_group(key, /*blocks_per_group=*/3); }

  Conv2d stem_conv_;
  LayerNorm stem_norm_;
  std::vector<Downsample> downsample_;
  std::vector<Block> stages_[4];
  std::optional<LayerNorm> map_norm_;  // where the norm stands before pooling
};

}  // namespace

int convnext_layer_group(std::string_view key, int blocks_per_group) {
  constexpr int kDownsample[] = {0, 2, 3, 12};
  constexpr int kStage[] = {1, 2, 3, 12};
  constexpr int kLastOfThirdStage = 11;
  if (key.starts_with("downsample_layers.")) return kDownsample[key_number(key, 1)];
  if (!key.starts_with("stages.")) return kConvNextLayerGroups - 1;
  const int stage = key_number(key, 1);
  const int within = stage == 2 ? key_number(key, 2) / blocks_per_group : 0;
  return std::min(kStage[stage] + within, std::max(kStage[stage], kLastOfThirdStage));
}

std::unique_ptr<Backbone> make_convnext(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ConvNext>(variant, options);
}

}  // namespace camsweep

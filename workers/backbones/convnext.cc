#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <fmt/format.h>

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
        depthwise_(registry, name + ".dwconv",
                   {.in = channels, .out = channels, .kernel = kernel, .padding = kernel / 2, .groups = channels},
                   small_normal(), Bias::kZero),
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
        conv(registry, name + ".1", {.in = in, .out = out, .kernel = 2, .stride = 2}, small_normal(), Bias::kZero) {}

  at::Tensor operator()(const at::Tensor& x) const { return conv(norm.over_channels(x)); }
};

class ConvNext final : public Network {
 public:
  ConvNext(const BackboneVariant& variant, const BackboneOptions& options)
      : Network(variant, options),
        stem_conv_(registry(), "downsample_layers.0.0", {.in = 3, .out = variant.widths[0], .kernel = 4, .stride = 4},
                   small_normal(), Bias::kZero),
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
    set_head({.linear_name = "head",
              .norm = paper ? HeadNorm::kNone : HeadNorm::kLayerNorm,
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
    return x;
  }

  Conv2d stem_conv_;
  LayerNorm stem_norm_;
  std::vector<Downsample> downsample_;
  std::vector<Block> stages_[4];
};

}  // namespace

std::unique_ptr<Backbone> make_convnext(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ConvNext>(variant, options);
}

}  // namespace camsweep

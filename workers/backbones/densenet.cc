#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Huang et al., "Densely Connected Convolutional Networks", CVPR 2017; names of torchvision.

constexpr int64_t kBottleneck = 4;  // a layer's 1x1 convolution gives this many times its growth

Initializer he_fan_in(const ConvShape& shape) {
  return Initializer::normal(std::sqrt(2.0 / static_cast<double>(shape.fan_in())));
}

// Norm, ReLU, convolution.
struct NormConv {
  BatchNorm2d norm;
  Conv2d conv;

  NormConv(TensorRegistry& registry, const std::string& norm_name, const std::string& conv_name, const ConvShape& shape)
      : norm(registry, norm_name, shape.in), conv(registry, conv_name, shape, he_fan_in(shape)) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    return conv(relu(norm(x, context), context));
  }
};

// What one layer adds to the maps before it.
struct DenseLayer {
  NormConv reduce;
  NormConv grow;

  DenseLayer(TensorRegistry& registry, const std::string& name, int64_t in, int64_t growth)
      : reduce(registry, name + ".norm1", name + ".conv1", {.in = in, .out = kBottleneck * growth}),
        grow(registry, name + ".norm2", name + ".conv2",
             {.in = kBottleneck * growth, .out = growth, .kernel = 3, .padding = 1}) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    return grow(reduce(x, context), context);
  }
};

class DenseNet final : public Network {
 public:
  DenseNet(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    int64_t channels = variant.widths[0];
    const ConvShape stem = {.in = 3, .out = channels, .kernel = 7, .stride = 2, .padding = 3};
    stem_conv_.emplace(registry(), "features.conv0", stem, he_fan_in(stem));
    stem_norm_.emplace(registry(), "features.norm0", channels);
    for (size_t stage = 0; stage < 4; ++stage) {
      for (int layer = 0; layer < variant.depths[stage]; ++layer, channels += variant.growth) {
        blocks_[stage].emplace_back(registry(), fmt::format("features.denseblock{}.denselayer{}", stage + 1, layer + 1),
                                    channels, variant.growth);
      }
      if (stage == 3) break;
      const std::string name = fmt::format("features.transition{}", stage + 1);
      transitions_.emplace_back(registry(), name + ".norm", name + ".conv",
                                ConvShape{.in = channels, .out = channels / 2});
      channels /= 2;
    }
    last_norm_.emplace(registry(), "features.norm5", channels);
    set_head(PooledHeadShape{.linear_name = "classifier",
                             .channels = channels,
                             .init = {default_uniform(channels), Initializer::constant(0)}});
  }

 private:
  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    const auto index = static_cast<size_t>(stage);
    at::Tensor x = stage == 0 ? run_stem(below, context)
                              : at::avg_pool2d(transitions_[index - 1](below, context), /*kernel_size=*/2);
    for (const DenseLayer& layer : blocks_[index]) x = at::cat({x, layer(x, context)}, 1);
    return stage == 3 ? relu((*last_norm_)(x, context), context) : x;
  }

  at::Tensor run_stem(const at::Tensor& images, const ForwardContext& context) const {
    const at::Tensor x = relu((*stem_norm_)((*stem_conv_)(images), context), context);
    return at::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
  }

  // The source has no layer decay. The stem, four blocks with the transition after each, the head.
  int layer_group_count() const override { return 6; }
  int layer_group(std::string_view key) const override {
    const std::string_view part = key_part(key, 1);
    for (const std::string_view prefix : {"denseblock", "transition"}) {
      if (part.starts_with(prefix)) return part.back() - '0';
    }
    return part == "conv0" || part == "norm0" ? 0 : part == "norm5" ? 4 : 5;
  }

  std::optional<Conv2d> stem_conv_;
  std::optional<BatchNorm2d> stem_norm_;
  std::vector<DenseLayer> blocks_[4];
  std::vector<NormConv> transitions_;
  std::optional<BatchNorm2d> last_norm_;
};

}  // namespace

std::unique_ptr<Backbone> make_densenet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<DenseNet>(variant, options);
}

}  // namespace camsweep

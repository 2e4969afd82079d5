#include <ATen/TensorOperators.h>
#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>

#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014; names of torchvision. With the
// tail `cam` the last pool is left out and one convolution more stands before pooling, as the CAM paper does.

constexpr int64_t kCamChannels = 1024;

struct LayerShape {
  int index;  // in the source's list, which counts ReLUs and pools
  ConvShape conv;
  bool pool;  // after it
};

const LayerShape kTrunk[] = {{0, {.in = 3, .out = 64, .kernel = 11, .stride = 4, .padding = 2}, true},
                             {3, {.in = 64, .out = 192, .kernel = 5, .padding = 2}, true},
                             {6, {.in = 192, .out = 384, .kernel = 3, .padding = 1}, false},
                             {8, {.in = 384, .out = 256, .kernel = 3, .padding = 1}, false},
                             {10, {.in = 256, .out = 256, .kernel = 3, .padding = 1}, true}};

Conv2d make_conv(TensorRegistry& registry, const std::string& name, const ConvShape& shape) {
  return Conv2d(registry, name, shape, default_uniform(shape.fan_in()), default_uniform(shape.fan_in()));
}

class AlexNet final : public Network {
 public:
  AlexNet(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    for (const LayerShape& layer : kTrunk) {
      trunk_.push_back(make_conv(registry(), fmt::format("features.{}", layer.index), layer.conv));
    }
    const int64_t channels = std::end(kTrunk)[-1].conv.out;
    if (variant.tail == "full") {
      set_head(FullyConnectedHeadShape{
          .indices = {1, 4, 6}, .dropout = {variant.dropout, variant.dropout, 0}, .channels = channels, .grid = 6});
      return;
    }
    cam_conv_.emplace(make_conv(registry(), "conv6", {.in = channels, .out = kCamChannels, .kernel = 3, .padding = 1}));
    set_head(PooledHeadShape{.linear_name = "fc",
                             .channels = kCamChannels,
                             .init = new_classifier(kCamChannels),
                             .dropout = variant.dropout});
  }

 private:
  int stages() const override { return 3; }

  // A pool between stages belongs to the later one.
  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    constexpr size_t kFirst[] = {0, 1, 2, std::size(kTrunk)};
    at::Tensor x = stage > 0 ? pooled(below) : below;
    for (size_t i = kFirst[stage]; i < kFirst[stage + 1]; ++i) x = relu(trunk_[i](x), context);
    if (stage < 2) return x;
    return cam_conv_ ? relu((*cam_conv_)(x), context) : pooled(x);
  }

  static at::Tensor pooled(const at::Tensor& x) { return at::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2); }

  // The source has no layer decay: one group a layer in forward order.
  int layer_group_count() const override { return 9; }
  int layer_group(std::string_view key) const override {
    if (key.starts_with("conv6.")) return 5;
    if (key.starts_with("fc.")) return 8;
    const int index = key_number(key, 1);
    if (key.starts_with("classifier.")) return index == 1 ? 6 : index == 4 ? 7 : 8;
    int group = 0;
    while (kTrunk[group].index != index) ++group;
    return group;
  }

  std::vector<Conv2d> trunk_;
  std::optional<Conv2d> cam_conv_;
};

}  // namespace

std::unique_ptr<Backbone> make_alexnet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<AlexNet>(variant, options);
}

}  // namespace camsweep

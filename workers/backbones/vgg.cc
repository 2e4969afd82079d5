#include <ATen/TensorOperators.h>
#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <variant>
#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015; names of torchvision. With the tail `cam` the
// last pool, and the one before at stride 8, is left out, and one convolution more stands before pooling: names of
// wsolevaluation.

constexpr int64_t kCamChannels = 1024;

Initializer he_fan_out(const ConvShape& shape) {
  return Initializer::normal(std::sqrt(2.0 / static_cast<double>(shape.fan_out())));
}

LinearInit small_normal_linear() { return {Initializer::normal(0.01), Initializer::constant(0)}; }

class Vgg final : public Network {
 public:
  Vgg(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    int64_t channels = 3;
    int index = 0;  // of a layer in the source's list, which counts norms, ReLUs and pools
    for (size_t stage = 0; stage < variant.depths.size(); ++stage) {
      for (int i = 0; i < variant.depths[stage]; ++i) {
        index = add_convolution(index, channels, variant.widths[stage]);
        channels = variant.widths[stage];
      }
      layers_.back().pool = (int64_t{2} << stage) <= variant.stride;
      if (layers_.back().pool) ++index;
    }
    if (variant.tail == "cam") {
      add_cam_tail(channels);
    } else {
      set_head(FullyConnectedHeadShape{.indices = {0, 3, 6},
                                       .dropout = {0, variant.dropout, variant.dropout},
                                       .channels = channels,
                                       .grid = 7,
                                       .init = small_normal_linear()});
    }
  }

 private:
  // Convolution, norm where the variant has one, ReLU, and a pool after a stage's last.
  struct Layer {
    Conv2d conv;
    std::optional<BatchNorm2d> norm;
    bool pool = false;
  };

  int add_convolution(int index, int64_t in, int64_t out) {
    const ConvShape shape = {.in = in, .out = out, .kernel = 3, .padding = 1};
    Layer& layer = layers_.emplace_back(
        Layer{Conv2d(registry(), fmt::format("features.{}", index), shape, he_fan_out(shape), Initializer::constant(0)),
              std::nullopt});
    if (variant().norm == "none") return index + 2;
    layer.norm.emplace(registry(), fmt::format("features.{}", index + 1), out);
    return index + 3;
  }

  void add_cam_tail(int64_t channels) {
    const ConvShape shape = {
        .in = channels, .out = kCamChannels, .kernel = 3, .padding = 1, .groups = variant().groups};
    // The CAM paper's network, which has two groups, fills it so.
    const Initializer init = variant().groups == 2 ? Initializer::normal(0.01) : he_fan_out(shape);
    cam_conv_.emplace(registry(), "conv6", shape, init, Initializer::constant(0));
    set_head(PooledHeadShape{
        .linear_name = "fc", .channels = kCamChannels, .init = small_normal_linear(), .dropout = variant().dropout});
  }

  int stages() const override { return static_cast<int>(variant().depths.size()); }

  // The pool after a stage's last layer belongs to the next stage, but the last one's.
  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    const std::vector<int>& depths = variant().depths;
    const auto first = static_cast<size_t>(std::accumulate(depths.begin(), depths.begin() + stage, 0));
    const size_t end = first + static_cast<size_t>(depths[static_cast<size_t>(stage)]);
    at::Tensor x = stage > 0 ? pooled(below, layers_[first - 1]) : below;
    for (size_t i = first; i < end; ++i) {
      x = layers_[i].conv(x);
      if (layers_[i].norm) x = (*layers_[i].norm)(x, context);
      x = relu(x, context);
    }
    if (end < layers_.size()) return x;
    x = pooled(x, layers_.back());
    return cam_conv_ ? relu((*cam_conv_)(x), context) : x;
  }

  static at::Tensor pooled(const at::Tensor& x, const Layer& after) {
    return after.pool ? at::max_pool2d(x, /*kernel_size=*/2) : x;
  }

  // The source has no layer decay: one group a layer in forward order.
  int layer_group_count() const override { return static_cast<int>(layers_.size()) + 4; }
  int layer_group(std::string_view key) const override {
    const int trunk = static_cast<int>(layers_.size());
    if (key.starts_with("conv6.")) return trunk;
    if (key.starts_with("fc.")) return trunk + 3;
    if (key.starts_with("classifier.")) return trunk + 1 + key_number(key, 1) / 3;
    return group_of_index(key_number(key, 1));
  }

  int group_of_index(int wanted) const {
    int index = 0;
    for (size_t i = 0; i < layers_.size(); ++i) {
      index += layers_[i].norm ? 3 : 2;
      if (wanted < index) return static_cast<int>(i);
      if (layers_[i].pool) ++index;
    }
    return static_cast<int>(layers_.size()) - 1;
  }

  std::vector<Layer> layers_;
  std::optional<Conv2d> cam_conv_;
};

}  // namespace

std::unique_ptr<Backbone> make_vgg(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<Vgg>(variant, options);
}

}  // namespace camsweep

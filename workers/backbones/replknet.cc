#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workers/backbones/conv_norm.h"
#include "workers/backbones/input_gradient.h"
#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Ding et al., "Scaling Up Your Kernels to 31x31", CVPR 2022, large kernels with a small parallel one, or, in the
// merged form, both as one. Names of the official implementation.

ConvNorm conv_norm(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Form form) {
  return ConvNorm(registry, name, shape, default_uniform(shape.fan_in()), form);
}

ConvShape pointwise(int64_t in, int64_t out) { return {.in = in, .out = out}; }

struct BlockShape {
  int64_t channels = 0;
  int64_t depthwise_channels = 0;
  int64_t kernel = 0;
  int64_t small_kernel = 0;
  Form form = Form::kTrain;
};

// The sum of a large and a small depthwise convolution with their norms, or the one convolution that equals it.
class LargeKernel {
 public:
  LargeKernel(TensorRegistry& registry, const std::string& name, const BlockShape& shape) {
    const int64_t channels = shape.depthwise_channels;
    const ConvShape large = depthwise(channels, shape.kernel);
    if (shape.form != Form::kTrain) {
      merged_.emplace(registry, name + ".lkb_reparam", large, default_uniform(large.fan_in()),
                      default_uniform(large.fan_in()));
      return;
    }
    large_.emplace(conv_norm(registry, name + ".lkb_origin", large, shape.form));
    if (shape.small_kernel == 0) return;
    small_.emplace(conv_norm(registry, name + ".small_conv", depthwise(channels, shape.small_kernel), shape.form));
  }

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    if (merged_) return (*merged_)(x);
    const at::Tensor large = (*large_)(x, context);
    return small_ ? large + (*small_)(x, context) : large;
  }

 private:
  std::optional<ConvNorm> large_;
  std::optional<ConvNorm> small_;
  std::optional<Conv2d> merged_;
};

// x + (norm, 1x1, large depthwise kernel, 1x1). In the official order of keys.
class LargeKernelBlock {
 public:
  LargeKernelBlock(TensorRegistry& registry, const std::string& name, const BlockShape& shape, DropPath drop_path)
      : enter_(conv_norm(registry, name + ".pw1", pointwise(shape.channels, shape.depthwise_channels), shape.form)),
        leave_(conv_norm(registry, name + ".pw2", pointwise(shape.depthwise_channels, shape.channels), shape.form)),
        large_kernel_(registry, name + ".large_kernel", shape),
        norm_(registry, name + ".prelkb_bn", shape.channels),
        drop_path_(drop_path) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor entered = relu(enter_(norm_(x, context), context), context);
    const at::Tensor mixed = relu(large_kernel_(entered, context), context);
    return x + drop_path_(leave_(mixed, context), context);
  }

 private:
  ConvNorm enter_;
  ConvNorm leave_;
  LargeKernel large_kernel_;
  BatchNorm2d norm_;
  DropPath drop_path_;
};

// x + (norm, 1x1, GELU, 1x1).
class FeedForwardBlock {
 public:
  FeedForwardBlock(TensorRegistry& registry, const std::string& name, int64_t hidden, const BlockShape& shape,
                   DropPath drop_path)
      : norm_(registry, name + ".preffn_bn", shape.channels),
        expand_(conv_norm(registry, name + ".pw1", pointwise(shape.channels, hidden), shape.form)),
        project_(conv_norm(registry, name + ".pw2", pointwise(hidden, shape.channels), shape.form)),
        drop_path_(drop_path) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor hidden =
        context.training
            ? widened(x, context)
            : widen(x, expand_.weight(), [this](const at::Tensor& y) { return widened(y, ForwardContext{}); });
    return x + drop_path_(project_(hidden, context), context);
  }

 private:
  at::Tensor widened(const at::Tensor& x, const ForwardContext& context) const {
    return at::gelu(expand_(norm_(x, context), context));
  }

  BatchNorm2d norm_;
  ConvNorm expand_;
  ConvNorm project_;
  DropPath drop_path_;
};

// Counts as one block.
struct BlockPair {
  LargeKernelBlock large_kernel;
  FeedForwardBlock feed_forward;

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    return feed_forward(large_kernel(x, context), context);
  }
};

class RepLkNet final : public Network {
 public:
  RepLkNet(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    const std::vector<int>& widths = variant.widths;
    const ConvShape stem[] = {{.in = 3, .out = widths[0], .kernel = 3, .stride = 2, .padding = 1},
                              depthwise(widths[0], 3),
                              pointwise(widths[0], widths[0]),
                              depthwise(widths[0], 3, 2)};
    for (size_t i = 0; i < std::size(stem); ++i) {
      stem_.push_back(conv_norm(registry(), fmt::format("stem.{}", i), stem[i], options.form));
    }
    int pairs = 0;
    for (const int depth : variant.depths) pairs += depth;
    int index = 0;
    for (size_t stage = 0; stage < 4; ++stage) {
      for (int pair = 0; pair < variant.depths[stage]; ++pair, ++index) {
        add_pair(stage, pair, index, drop_path_rate(options.drop_path, index, pairs));
      }
    }
    for (size_t stage = 0; stage < 3; ++stage) {
      const std::string name = fmt::format("transitions.{}", stage);
      const ConvShape widen = pointwise(widths[stage], widths[stage + 1]);
      transitions_[stage].push_back(conv_norm(registry(), name + ".0", widen, options.form));
      transitions_[stage].push_back(
          conv_norm(registry(), name + ".1", depthwise(widths[stage + 1], 3, 2), options.form));
    }
    set_head(PooledHeadShape{
        .linear_name = "head", .form = HeadForm::kBatchNorm, .channels = widths[3], .init = new_classifier(widths[3])});
  }

 private:
  void add_pair(size_t stage, int pair, int index, double drop_rate) {
    const int64_t channels = variant().widths[stage];
    const auto scaled = [&](double ratio) { return static_cast<int64_t>(static_cast<double>(channels) * ratio); };
    const auto name = [&](int block) { return fmt::format("stages.{}.blocks.{}", stage, block); };
    const BlockShape shape = {.channels = channels,
                              .depthwise_channels = scaled(variant().dw_ratio),
                              .kernel = variant().kernels[stage],
                              .small_kernel = variant().small_kernel,
                              .form = options().form};
    stages_[stage].push_back({LargeKernelBlock(registry(), name(2 * pair), shape, DropPath(drop_rate, 2 * index)),
                              FeedForwardBlock(registry(), name(2 * pair + 1), scaled(variant().ffn_ratio), shape,
                                               DropPath(drop_rate, 2 * index + 1))});
  }

  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    const auto index = static_cast<size_t>(stage);
    at::Tensor x = below;
    for (const ConvNorm& layer : stage == 0 ? stem_ : transitions_[index - 1]) x = relu(layer(x, context), context);
    return compute_blocks(stage, 0, x, context);
  }

  int blocks(int stage) const override { return static_cast<int>(stages_[static_cast<size_t>(stage)].size()); }
  at::Tensor compute_blocks(int stage, int first, const at::Tensor& below,
                            const ForwardContext& context) const override {
    return run_blocks(stages_[static_cast<size_t>(stage)], stage, first, below, context);
  }

  // Spec backbones, 2.6.
  int layer_group_count() const override { return 14; }
  int layer_group(std::string_view key) const override {
    constexpr int kStage[] = {1, 2, 3, 12};
    constexpr int kTransition[] = {1, 2, 11};
    if (key.starts_with("stem.")) return 0;
    if (key.starts_with("transitions.")) return kTransition[key_number(key, 1)];
    if (!key.starts_with("stages.")) return 13;
    const int stage = key_number(key, 1);
    return stage == 2 ? std::min(kStage[stage] + key_number(key, 3) / 4, 11) : kStage[stage];
  }

  std::vector<ConvNorm> stem_;
  std::vector<BlockPair> stages_[4];
  std::vector<ConvNorm> transitions_[3];
};

}  // namespace

std::unique_ptr<Backbone> make_replknet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<RepLkNet>(variant, options);
}

}  // namespace camsweep

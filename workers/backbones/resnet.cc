#include <ATen/TensorOperators.h>
#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; names and strides of torchvision.

constexpr int64_t kStemStride = 4;

// How convolutions are drawn: torchvision's are He's normal; wsolevaluation, whose last stages have no stride, Glorot's
// uniform.
enum class Draw { kHe, kGlorot };

Initializer initializer(const ConvShape& shape, Draw draw) {
  const auto fan_out = static_cast<double>(shape.fan_out());
  if (draw == Draw::kHe) return Initializer::normal(std::sqrt(2.0 / fan_out));
  return Initializer::uniform(std::sqrt(6.0 / (static_cast<double>(shape.fan_in()) + fan_out)));
}

struct ConvNorm {
  Conv2d conv;
  BatchNorm2d norm;

  ConvNorm(TensorRegistry& registry, const std::string& conv_name, const std::string& norm_name, const ConvShape& shape,
           Draw draw)
      : conv(registry, conv_name, shape, initializer(shape, draw)), norm(registry, norm_name, shape.out) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const { return norm(conv(x), context); }
};

struct BlockShape {
  int64_t in = 0;
  int64_t planes = 0;
  int64_t stride = 1;
  bool bottleneck = false;
  Draw draw = Draw::kHe;

  int64_t out() const { return planes * (bottleneck ? 4 : 1); }
};

class Block {
 public:
  Block(TensorRegistry& registry, const std::string& name, const BlockShape& shape, DropPath drop_path)
      : drop_path_(drop_path) {
    const auto add = [&](int number, const ConvShape& conv) {
      convs_.emplace_back(registry, fmt::format("{}.conv{}", name, number), fmt::format("{}.bn{}", name, number), conv,
                          shape.draw);
    };
    const int64_t planes = shape.planes;
    if (shape.bottleneck) {
      add(1, {.in = shape.in, .out = planes});
      add(2, {.in = planes, .out = planes, .kernel = 3, .stride = shape.stride, .padding = 1});
      add(3, {.in = planes, .out = shape.out()});
    } else {
      add(1, {.in = shape.in, .out = planes, .kernel = 3, .stride = shape.stride, .padding = 1});
      add(2, {.in = planes, .out = planes, .kernel = 3, .padding = 1});
    }
    if (shape.stride != 1 || shape.in != shape.out()) {
      shortcut_.emplace(registry, name + ".downsample.0", name + ".downsample.1",
                        ConvShape{.in = shape.in, .out = shape.out(), .stride = shape.stride}, shape.draw);
    }
  }

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    at::Tensor branch = x;
    for (const ConvNorm& conv : convs_) {
      if (&conv != &convs_.front()) branch = relu(branch, context);
      branch = conv(branch, context);
    }
    const at::Tensor identity = shortcut_ ? (*shortcut_)(x, context) : x;
    return relu(drop_path_(branch, context) + identity, context);
  }

 private:
  std::vector<ConvNorm> convs_;
  std::optional<ConvNorm> shortcut_;
  DropPath drop_path_;
};

class ResNet final : public Network {
 public:
  ResNet(const BackboneVariant& variant, const BackboneOptions& options)
      : Network(variant, options),
        draw_(variant.stride < 32 ? Draw::kGlorot : Draw::kHe),
        stem_(registry(), "conv1", "bn1", {.in = 3, .out = variant.widths[0], .kernel = 7, .stride = 2, .padding = 3},
              draw_) {
    int blocks = 0;
    for (const int depth : variant.depths) blocks += depth;
    int64_t channels = variant.widths[0];
    int64_t stride = kStemStride;
    int index = 0;
    for (size_t stage = 0; stage < 4; ++stage) {
      // Stages that would go beyond the variant's stride keep their map's size.
      const int64_t step = stage > 0 && stride < variant.stride ? 2 : 1;
      stride *= step;
      for (int block = 0; block < variant.depths[stage]; ++block, ++index) {
        const BlockShape shape = {.in = channels,
                                  .planes = variant.widths[stage],
                                  .stride = block == 0 ? step : 1,
                                  .bottleneck = variant.block == "bottleneck",
                                  .draw = draw_};
        stages_[stage].emplace_back(registry(), fmt::format("layer{}.{}", stage + 1, block), shape,
                                    DropPath(drop_path_rate(options.drop_path, index, blocks), index));
        channels = shape.out();
      }
    }
    const LinearInit small_normal = {Initializer::normal(0.01), Initializer::constant(0)};
    set_head(PooledHeadShape{.linear_name = "fc",
                             .channels = channels,
                             .init = draw_ == Draw::kHe ? new_classifier(channels) : small_normal});
  }

 private:
  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    at::Tensor x = below;
    if (stage == 0) {
      x = at::max_pool2d(relu(stem_(x, context), context), /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
    }
    return compute_blocks(stage, 0, x, context);
  }

  int blocks(int stage) const override { return static_cast<int>(stages_[static_cast<size_t>(stage)].size()); }
  at::Tensor compute_blocks(int stage, int first, const at::Tensor& below,
                            const ForwardContext& context) const override {
    return run_blocks(stages_[static_cast<size_t>(stage)], stage, first, below, context);
  }

  // The stem, four stages, the head.
  int layer_group_count() const override { return 6; }
  int layer_group(std::string_view key) const override {
    if (key.starts_with("layer")) return key[5] - '0';
    return key.starts_with("fc.") ? 5 : 0;
  }

  Draw draw_;
  ConvNorm stem_;
  std::vector<Block> stages_[4];
};

}  // namespace

std::unique_ptr<Backbone> make_resnet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ResNet>(variant, options);
}

}  // namespace camsweep

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include <array>
#include <string>
#include <vector>

#include "workers/backbones/inception_parts.h"

namespace camsweep {
namespace {

// Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, with batch norm; names of torchvision. With the tail
// `cam` it ends after inception4e with one convolution more (Zhou et al., CVPR 2016).

constexpr int64_t kCamChannels = 1024;
constexpr double kDeviation = 0.01;  // the source truncates at 200 deviations: a plain normal
constexpr double kAuxiliaryDropout = 0.7;
constexpr int kFirstAuxiliaryDropout = 2000;  // beyond the layer numbers of the head

Initializer small_normal() { return Initializer::normal(kDeviation); }

LinearInit small_normal_linear(int64_t in) { return {small_normal(), default_uniform(in)}; }

// Channels of the four branches: 1x1; 1x1 to 3x3; 1x1 to 3x3 (5x5 in the paper, not in the released weights); pool to
// 1x1.
struct InceptionShape {
  const char* name;
  int64_t in;
  int64_t single;
  std::array<int64_t, 2> middle;
  std::array<int64_t, 2> wide;
  int64_t pooled;
};

const InceptionShape kBlocks[] = {
    {"3a", 192, 64, {96, 128}, {16, 32}, 32},     {"3b", 256, 128, {128, 192}, {32, 96}, 64},
    {"4a", 480, 192, {96, 208}, {16, 48}, 64},    {"4b", 512, 160, {112, 224}, {24, 64}, 64},
    {"4c", 512, 128, {128, 256}, {24, 64}, 64},   {"4d", 512, 112, {144, 288}, {32, 64}, 64},
    {"4e", 528, 256, {160, 320}, {32, 128}, 128}, {"5a", 832, 256, {160, 320}, {32, 128}, 128},
    {"5b", 832, 384, {192, 384}, {48, 128}, 128}};
// After these blocks, by index: pools, and auxiliary classifiers with the channels they see.
constexpr size_t k3b = 1, k4a = 2, k4d = 5, k4e = 6;

class Inception {
 public:
  Inception(TensorRegistry& registry, const InceptionShape& shape) {
    const std::string name = std::string("inception") + shape.name;
    const auto add = [&](ConvChain& chain, const std::string& branch, const ConvShape& conv) {
      chain.emplace_back(registry, name + "." + branch, conv, small_normal());
    };
    const auto three = [](const std::array<int64_t, 2>& channels) {
      return ConvShape{.in = channels[0], .out = channels[1], .kernel = 3, .padding = 1};
    };
    add(single_, "branch1", {.in = shape.in, .out = shape.single});
    add(middle_, "branch2.0", {.in = shape.in, .out = shape.middle[0]});
    add(middle_, "branch2.1", three(shape.middle));
    add(wide_, "branch3.0", {.in = shape.in, .out = shape.wide[0]});
    add(wide_, "branch3.1", three(shape.wide));
    add(pooled_, "branch4.1", {.in = shape.in, .out = shape.pooled});
  }

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor pool = at::max_pool2d(x, /*kernel_size=*/3, /*stride=*/1, /*padding=*/1);
    return at::cat({run_chain(single_, x, context), run_chain(middle_, x, context), run_chain(wide_, x, context),
                    run_chain(pooled_, pool, context)},
                   1);
  }

 private:
  ConvChain single_, middle_, wide_, pooled_;
};

// (N, C, h, w) -> (N, classes).
class AuxiliaryClassifier {
 public:
  AuxiliaryClassifier(TensorRegistry& registry, const std::string& name, int64_t in, int classes, int dropout_layer)
      : reduce_(registry, name + ".conv", {.in = in, .out = kReduced}, small_normal()),
        hidden_(registry, name + ".fc1", kReduced * kGrid * kGrid, kHidden,
                small_normal_linear(kReduced * kGrid * kGrid)),
        classify_(registry, name + ".fc2", kHidden, classes, small_normal_linear(kHidden)),
        dropout_(kAuxiliaryDropout, dropout_layer) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const int64_t grid[] = {kGrid, kGrid};
    const at::Tensor reduced = reduce_(at::adaptive_avg_pool2d(x, grid), context).flatten(1);
    return classify_(dropout_(hidden_(reduced).relu_(), context));
  }

 private:
  static constexpr int64_t kGrid = 4, kReduced = 128, kHidden = 1024;
  ConvNormRelu reduce_;
  Linear hidden_;
  Linear classify_;
  Dropout dropout_;
};

class GoogLeNet final : public Network {
 public:
  GoogLeNet(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    const auto add = [&](const char* name, const ConvShape& shape) {
      stem_.emplace_back(registry(), name, shape, small_normal());
    };
    add("conv1", {.in = 3, .out = 64, .kernel = 7, .stride = 2, .padding = 3});
    add("conv2", {.in = 64, .out = 64});
    add("conv3", {.in = 64, .out = 192, .kernel = 3, .padding = 1});
    const bool cut = variant.tail == "cam";
    for (size_t i = 0; i <= (cut ? k4e : std::size(kBlocks) - 1); ++i) blocks_.emplace_back(registry(), kBlocks[i]);
    if (variant.auxiliary == 1) {
      auxiliary_.emplace_back(registry(), "aux1", 512, options.classes, kFirstAuxiliaryDropout);
      auxiliary_.emplace_back(registry(), "aux2", 528, options.classes, kFirstAuxiliaryDropout + 1);
    }
    if (cut) {
      const ConvShape shape = {.in = 832, .out = kCamChannels, .kernel = 3, .padding = 1, .groups = variant.groups};
      // The CAM paper's network, which has two groups, fills its bias with ones.
      const Initializer bias = variant.groups == 2 ? Initializer::constant(1) : default_uniform(shape.fan_in());
      cam_conv_.emplace(registry(), "conv6", shape, small_normal(), bias);
    }
    set_head(PooledHeadShape{.linear_name = "fc",
                             .channels = kCamChannels,
                             .init = small_normal_linear(kCamChannels),
                             .dropout = variant.dropout});
  }

  double auxiliary_loss_weight() const override { return 0.3; }
  double batch_norm_eps() const override { return kInceptionNormEps; }

 private:
  // The stem, then the blocks 3, 4 and 5; without the last of them where a convolution of the CAM's stands there.
  int stages() const override { return cam_conv_ ? 3 : 4; }

  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    if (stage == 0) {
      const at::Tensor x = halve(stem_[0](below, context), LastCell::kKept);
      return stem_[2](stem_[1](x, context), context);
    }
    const size_t first[] = {0, k3b + 1, k4e + 1, blocks_.size()};
    at::Tensor x = stage < 3 ? halve(below, LastCell::kKept)
                             : at::max_pool2d(below, /*kernel_size=*/2, /*stride=*/2, /*padding=*/0, /*dilation=*/1,
                                              /*ceil_mode=*/true);
    for (size_t i = first[stage - 1]; i < first[stage]; ++i) {
      x = blocks_[i](x, context);
      const bool auxiliary = context.training && context.auxiliary_logits && !auxiliary_.empty();
      if (auxiliary && i == k4a) context.auxiliary_logits->push_back(auxiliary_[0](x, context));
      if (auxiliary && i == k4d) context.auxiliary_logits->push_back(auxiliary_[1](x, context));
    }
    return cam_conv_ && stage == 2 ? relu((*cam_conv_)(x), context) : x;
  }

  // The source has no layer decay: the stem, one group a block in forward order, the heads.
  int layer_group_count() const override { return static_cast<int>(blocks_.size()) + 2; }
  int layer_group(std::string_view key) const override {
    const int head = static_cast<int>(blocks_.size()) + 1;
    if (key.starts_with("conv6.")) return head - 1;
    if (key.starts_with("conv")) return 0;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (key_part(key, 0) == std::string("inception") + kBlocks[i].name) return static_cast<int>(i) + 1;
    }
    return head;
  }

  ConvChain stem_;
  std::vector<Inception> blocks_;
  std::vector<AuxiliaryClassifier> auxiliary_;
  std::optional<Conv2d> cam_conv_;
};

}  // namespace

std::unique_ptr<Backbone> make_googlenet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<GoogLeNet>(variant, options);
}

}  // namespace camsweep

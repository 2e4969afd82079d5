#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include <cmath>
#include <string>
#include <vector>

#include "workers/backbones/inception_parts.h"

namespace camsweep {
namespace {

// Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016; names of torchvision. With the tail `cam` it is
// wsolevaluation's: padded, cut after Mixed_6e, and classified by convolutions whose maps localize.

constexpr int64_t kCamChannels = 1024;
constexpr double kDeviation = 0.1;             // the source truncates at 20 deviations: a plain normal
constexpr double kAuxiliaryDeviation = 0.001;  // of the auxiliary classifier's linear layer
constexpr int kFirstTailDropout = 2000;        // beyond the layer numbers of the head

// What an initialization needs to know of a convolution: torchvision's is one normal, wsolevaluation's is Glorot's.
Initializer init_of(const BackboneVariant& variant, const ConvShape& shape) {
  if (variant.tail == "full") return Initializer::normal(kDeviation);
  return Initializer::uniform(std::sqrt(6.0 / static_cast<double>(shape.fan_in() + shape.fan_out())));
}

// Adds the branches of one block under its name.
class BlockBuilder {
 public:
  BlockBuilder(TensorRegistry& registry, const BackboneVariant& variant, std::string name)
      : registry_(registry), variant_(variant), name_(std::move(name)) {}

  ConvNormRelu conv(const std::string& key, const ConvShape& shape) const {
    return ConvNormRelu(registry_, name_ + "." + key, shape, init_of(variant_, shape));
  }
  // `wide` and `tall` kernels keep the map's size.
  ConvNormRelu same(const std::string& key, int64_t in, int64_t out, Extent kernel = 1) const {
    return conv(key, {.in = in, .out = out, .kernel = kernel, .padding = kernel.half()});
  }

 private:
  TensorRegistry& registry_;
  const BackboneVariant& variant_;
  std::string name_;
};

at::Tensor smooth(const at::Tensor& x) { return at::avg_pool2d(x, /*kernel_size=*/3, /*stride=*/1, /*padding=*/1); }

// Blocks A and C: four chains side by side, the last one behind an average pool.
struct ParallelBlock {
  ConvChain first, second, third, pooled;

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    return at::cat({run_chain(first, x, context), run_chain(second, x, context), run_chain(third, x, context),
                    run_chain(pooled, smooth(x), context)},
                   1);
  }
};

ParallelBlock make_a(const BlockBuilder& block, int64_t in, int64_t pooled) {
  ParallelBlock a;
  a.first = {block.same("branch1x1", in, 64)};
  a.second = {block.same("branch5x5_1", in, 48), block.same("branch5x5_2", 48, 64, 5)};
  a.third = {block.same("branch3x3dbl_1", in, 64), block.same("branch3x3dbl_2", 64, 96, 3),
             block.same("branch3x3dbl_3", 96, 96, 3)};
  a.pooled = {block.same("branch_pool", in, pooled)};
  return a;
}

ParallelBlock make_c(const BlockBuilder& block, int64_t inner) {
  constexpr int64_t kIn = 768, kOut = 192;
  const Extent wide = {1, 7}, tall = {7, 1};
  ParallelBlock c;
  c.first = {block.same("branch1x1", kIn, kOut)};
  c.second = {block.same("branch7x7_1", kIn, inner), block.same("branch7x7_2", inner, inner, wide),
              block.same("branch7x7_3", inner, kOut, tall)};
  c.third = {block.same("branch7x7dbl_1", kIn, inner), block.same("branch7x7dbl_2", inner, inner, tall),
             block.same("branch7x7dbl_3", inner, inner, wide), block.same("branch7x7dbl_4", inner, inner, tall),
             block.same("branch7x7dbl_5", inner, kOut, wide)};
  c.pooled = {block.same("branch_pool", kIn, kOut)};
  return c;
}

// Blocks B and D: two chains whose last convolution has a stride, and a pool with the same.
struct ReductionBlock {
  ConvChain first, second;
  int64_t stride = 2;
  int64_t padding = 0;

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    return at::cat({run_chain(first, x, context), run_chain(second, x, context),
                    at::max_pool2d(x, /*kernel_size=*/3, stride, padding)},
                   1);
  }
};

ReductionBlock make_b(const BlockBuilder& block, int64_t stride, int64_t padding) {
  const auto last = [&](int64_t in, int64_t out) {
    return ConvShape{.in = in, .out = out, .kernel = 3, .stride = stride, .padding = padding};
  };
  ReductionBlock b{.first = {}, .second = {}, .stride = stride, .padding = padding};
  b.first = {block.conv("branch3x3", last(288, 384))};
  b.second = {block.same("branch3x3dbl_1", 288, 64), block.same("branch3x3dbl_2", 64, 96, 3),
              block.conv("branch3x3dbl_3", last(96, 96))};
  return b;
}

ReductionBlock make_d(const BlockBuilder& block) {
  const auto last = [](int64_t in, int64_t out) { return ConvShape{.in = in, .out = out, .kernel = 3, .stride = 2}; };
  ReductionBlock d;
  d.first = {block.same("branch3x3_1", 768, 192), block.conv("branch3x3_2", last(192, 320))};
  d.second = {block.same("branch7x7x3_1", 768, 192), block.same("branch7x7x3_2", 192, 192, {1, 7}),
              block.same("branch7x7x3_3", 192, 192, {7, 1}), block.conv("branch7x7x3_4", last(192, 192))};
  return d;
}

// Block E: two of its chains end in a wide and a tall convolution side by side.
struct SplitBlock {
  ConvChain single, middle, deep, pooled;
  ConvChain middle_ends, deep_ends;  // wide, tall

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor a = run_chain(middle, x, context);
    const at::Tensor b = run_chain(deep, x, context);
    return at::cat({run_chain(single, x, context), middle_ends[0](a, context), middle_ends[1](a, context),
                    deep_ends[0](b, context), deep_ends[1](b, context), run_chain(pooled, smooth(x), context)},
                   1);
  }
};

SplitBlock make_e(const BlockBuilder& block, int64_t in) {
  const Extent wide = {1, 3}, tall = {3, 1};
  SplitBlock e;
  e.single = {block.same("branch1x1", in, 320)};
  e.middle = {block.same("branch3x3_1", in, 384)};
  e.middle_ends = {block.same("branch3x3_2a", 384, 384, wide), block.same("branch3x3_2b", 384, 384, tall)};
  e.deep = {block.same("branch3x3dbl_1", in, 448), block.same("branch3x3dbl_2", 448, 384, 3)};
  e.deep_ends = {block.same("branch3x3dbl_3a", 384, 384, wide), block.same("branch3x3dbl_3b", 384, 384, tall)};
  e.pooled = {block.same("branch_pool", in, 192)};
  return e;
}

// (N, 768, h, w) -> (N, classes).
struct AuxiliaryClassifier {
  ConvNormRelu reduce;
  ConvNormRelu gather;
  Linear classify;

  AuxiliaryClassifier(TensorRegistry& registry, const BlockBuilder& block, int classes)
      : reduce(block.conv("conv0", {.in = 768, .out = 128})),
        gather(block.conv("conv1", {.in = 128, .out = 768, .kernel = 5})),
        classify(registry, "AuxLogits.fc", 768, classes,
                 {Initializer::normal(kAuxiliaryDeviation), default_uniform(768)}) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor pooled = at::avg_pool2d(x, /*kernel_size=*/5, /*stride=*/3);
    return classify(gather(reduce(pooled, context), context).mean({2, 3}));
  }
};

class InceptionV3 final : public Network {
 public:
  InceptionV3(const BackboneVariant& variant, const BackboneOptions& options)
      : Network(variant, options), padded_(variant.tail == "cam") {
    const auto block = [&](const char* name) { return BlockBuilder(registry(), this->variant(), name); };
    add_stem();
    a_ = {make_a(block("Mixed_5b"), 192, 32), make_a(block("Mixed_5c"), 256, 64), make_a(block("Mixed_5d"), 288, 64)};
    b_ = padded_ ? make_b(block("Mixed_6a"), 1, 1) : make_b(block("Mixed_6a"), 2, 0);
    c_ = {make_c(block("Mixed_6b"), 128), make_c(block("Mixed_6c"), 160), make_c(block("Mixed_6d"), 160),
          make_c(block("Mixed_6e"), 192)};
    if (padded_) {
      add_cam_tail();
      return;
    }
    if (variant.auxiliary == 1) auxiliary_.emplace(registry(), block("AuxLogits"), options.classes);
    d_ = make_d(block("Mixed_7a"));
    e_ = {make_e(block("Mixed_7b"), 1280), make_e(block("Mixed_7c"), 2048)};
    set_head(PooledHeadShape{.linear_name = "fc",
                             .channels = 2048,
                             .init = {Initializer::normal(kDeviation), default_uniform(2048)},
                             .dropout = variant.dropout});
  }

  double auxiliary_loss_weight() const override { return 0.4; }
  double batch_norm_eps() const override { return kInceptionNormEps; }

 private:
  void add_stem() {
    const auto add = [&](const char* name, const ConvShape& shape) {
      stem_.emplace_back(registry(), name, shape, init_of(variant(), shape));
    };
    add("Conv2d_1a_3x3", {.in = 3, .out = 32, .kernel = 3, .stride = 2, .padding = padded_ ? 1 : 0});
    add("Conv2d_2a_3x3", {.in = 32, .out = 32, .kernel = 3});
    add("Conv2d_2b_3x3", {.in = 32, .out = 64, .kernel = 3, .padding = 1});
    add("Conv2d_3b_1x1", {.in = 64, .out = 80});
    add("Conv2d_4a_3x3", {.in = 80, .out = 192, .kernel = 3});
  }

  void add_cam_tail() {
    const auto add = [&](const char* name, int64_t in) {
      const ConvShape shape = {.in = in, .out = kCamChannels, .kernel = 3, .padding = 1};
      cam_convs_.emplace_back(registry(), name, shape, init_of(variant(), shape), Initializer::constant(0));
      dropouts_.emplace_back(variant().dropout, kFirstTailDropout + static_cast<int>(dropouts_.size()));
    };
    add("SPG_A3_1b.0", 768);
    add("SPG_A3_2b.0", kCamChannels);
    const ConvShape last = {.in = kCamChannels, .out = options().classes};
    set_head(PooledHeadShape{.linear_name = "SPG_A4",
                             .channels = kCamChannels,
                             .init = {init_of(variant(), last), Initializer::constant(0)},
                             .weight = LinearWeight::kConvolution,
                             .dropout = variant().dropout});
  }

  // The stem, the blocks 5, 6 and 7; without the last of them where convolutions of the CAM's stand there.
  int stages() const override { return padded_ ? 3 : 4; }

  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    if (stage == 0) return run_stem(below, context);
    if (stage == 2) return run_middle(below, context);
    at::Tensor x = below;
    if (stage == 1) {
      for (const ParallelBlock& block : a_) x = block(x, context);
    } else {
      x = d_(x, context);
      for (const SplitBlock& block : e_) x = block(x, context);
    }
    return x;
  }

  at::Tensor run_middle(const at::Tensor& below, const ForwardContext& context) const {
    at::Tensor x = padded_ && variant().stride == 16 ? halve(below, LastCell::kKept) : below;
    x = b_(x, context);
    for (const ParallelBlock& block : c_) x = block(x, context);
    for (size_t i = 0; i < cam_convs_.size(); ++i) x = relu(cam_convs_[i](dropouts_[i](x, context)), context);
    if (context.training && context.auxiliary_logits && auxiliary_) {
      context.auxiliary_logits->push_back((*auxiliary_)(x, context));
    }
    return x;
  }

  at::Tensor run_stem(const at::Tensor& images, const ForwardContext& context) const {
    const auto pool = [&](const at::Tensor& x) {
      return padded_ ? halve(x, LastCell::kKept, /*padding=*/1) : halve(x, LastCell::kCut);
    };
    at::Tensor x = images;
    for (size_t i = 0; i < 3; ++i) x = stem_[i](x, context);
    x = pool(x);
    for (size_t i = 3; i < 5; ++i) x = stem_[i](x, context);
    return pool(x);
  }

  // The source has no layer decay: the stem, one group a block in forward order, the heads.
  int layer_group_count() const override { return 13; }
  int layer_group(std::string_view key) const override {
    constexpr std::string_view kBlocks[] = {"5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"};
    if (key.starts_with("Conv2d_")) return 0;
    if (key.starts_with("SPG_A3_1b")) return 9;
    if (key.starts_with("SPG_A3_2b")) return 10;
    if (!key.starts_with("Mixed_")) return 12;
    int group = 1;
    while (kBlocks[group - 1] != key.substr(6, 2)) ++group;
    return group;
  }

  bool padded_;
  ConvChain stem_;
  std::vector<ParallelBlock> a_;
  ReductionBlock b_;
  std::vector<ParallelBlock> c_;
  std::optional<AuxiliaryClassifier> auxiliary_;
  ReductionBlock d_;
  std::vector<SplitBlock> e_;
  std::vector<Conv2d> cam_convs_;
  std::vector<Dropout> dropouts_;  // before each of them
};

}  // namespace

std::unique_ptr<Backbone> make_inception(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<InceptionV3>(variant, options);
}

}  // namespace camsweep

#pragma once

#include <fmt/format.h>

#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/backbones/layers.h"
#include "workers/backbones/network.h"

// What ConvNeXt shares with the networks that are built on it, SLaK and HorNet: everything but the mixing of positions
// within a block.
namespace camsweep {

// N(0, 0.02^2): the sources truncate at 100 standard deviations.
Initializer small_normal();
LinearInit small_normal_linear();

// Halves the resolution: norm, then a 2x2 convolution. The stem is the same with the two exchanged.
struct Downsample {
  LayerNorm norm;
  Conv2d conv;

  Downsample(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out);
  at::Tensor operator()(const at::Tensor& x) const { return conv(norm.over_channels(x)); }
};

// Norm, expansion, GELU and projection of the channels of each position, `<name>.<norm>`, `.pwconv1`, `.pwconv2`.
// (N, C, H, W) -> (N, H, W, C).
class FeedForward {
 public:
  FeedForward(TensorRegistry& registry, const std::string& name, const char* norm, int64_t channels,
              const BackboneVariant& variant);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  LayerNorm norm_;
  Linear expand_;
  Linear project_;
};

// Layer scale's start.
inline constexpr double kLayerScale = 1e-6;

// Where a block stands.
struct BlockPlace {
  std::string name;
  size_t stage = 0;
  int64_t channels = 0;
  int index = 0;  // among all blocks
  double drop_rate = 0;
};

// The groups of its keys (spec backbones, 2.6): 12 of blocks, the third stage's in runs of `blocks_per_group`, after
// the stem's and before the head's.
inline constexpr int kConvNextLayerGroups = 14;
int convnext_layer_group(std::string_view key, int blocks_per_group);

// Stem, four stages of blocks with a Downsample between, head. Block(registry, place, variant, options) maps
// (N, C, H, W) to the same shape.
template <class Block, int kBlocksPerGroup = 3>
class ConvNextLike final : public Network {
 public:
  ConvNextLike(const BackboneVariant& variant, const BackboneOptions& options)
      : Network(variant, options),
        stem_conv_(registry(), "downsample_layers.0.0", {.in = 3, .out = variant.widths[0], .kernel = 4, .stride = 4},
                   small_normal(), Initializer::constant(0)),
        stem_norm_(registry(), "downsample_layers.0.1", variant.widths[0]) {
    const std::vector<int>& widths = variant.widths;
    for (size_t stage = 1; stage < 4; ++stage) {
      downsample_.emplace_back(registry(), fmt::format("downsample_layers.{}", stage), widths[stage - 1],
                               widths[stage]);
    }
    const int blocks = std::accumulate(variant.depths.begin(), variant.depths.end(), 0);
    int index = 0;
    for (size_t stage = 0; stage < 4; ++stage) {
      for (int block = 0; block < variant.depths[stage]; ++block, ++index) {
        const BlockPlace place = {.name = fmt::format("stages.{}.{}", stage, block),
                                  .stage = stage,
                                  .channels = widths[stage],
                                  .index = index,
                                  .drop_rate = drop_path_rate(options.drop_path, index, blocks)};
        stages_[stage].emplace_back(registry(), place, this->variant(), options);
      }
    }
    add_head();
  }

 private:
  // CAM Back Again drops the norm before the classifier.
  void add_head() {
    const bool paper = options().head == HeadKind::kPaper;
    const bool on_map = variant().norm == "map";
    const int64_t channels = variant().widths[3];
    if (on_map && !paper) map_norm_.emplace(registry(), "norm", channels);
    set_head(PooledHeadShape{.linear_name = "head",
                             .form = paper || on_map ? HeadForm::kLinear : HeadForm::kLayerNorm,
                             .channels = channels,
                             .init = paper ? new_classifier(channels) : small_normal_linear()});
  }

  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    const auto index = static_cast<size_t>(stage);
    const at::Tensor x = stage == 0 ? stem_norm_.over_channels(stem_conv_(below)) : downsample_[index - 1](below);
    return compute_blocks(stage, 0, x, context);
  }

  int blocks(int stage) const override { return static_cast<int>(stages_[static_cast<size_t>(stage)].size()); }
  at::Tensor compute_blocks(int stage, int first, const at::Tensor& below,
                            const ForwardContext& context) const override {
    const at::Tensor x = run_blocks(stages_[static_cast<size_t>(stage)], stage, first, below, context);
    return map_norm_ && stage == 3 ? map_norm_->over_channels(x) : x;
  }

  int layer_group_count() const override { return kConvNextLayerGroups; }
  int layer_group(std::string_view key) const override { return convnext_layer_group(key, kBlocksPerGroup); }

  Conv2d stem_conv_;
  LayerNorm stem_norm_;
  std::vector<Downsample> downsample_;
  std::vector<Block> stages_[4];
  std::optional<LayerNorm> map_norm_;  // where the norm stands before pooling
};

}  // namespace camsweep

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/view_as_complex.h>

#include <cmath>

#include "workers/backbones/convnext_parts.h"

namespace camsweep {
namespace {

// Rao et al., "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions", NeurIPS 2022;
// names of the official implementation.

constexpr double kScale = 1.0 / 3;  // of what gates, in every released network

Conv2d pointwise(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out) {
  return Conv2d(registry, name, {.in = in, .out = out}, small_normal(), Initializer::constant(0));
}

// Half of the channels through a 3x3 depthwise convolution, the other half multiplied by a filter in the frequency
// domain, interleaved; a norm before and after. (N, C, H, W) -> the same shape.
class GlobalLocalFilter {
 public:
  // `side`: of the maps for which the filter has one weight per frequency.
  GlobalLocalFilter(TensorRegistry& registry, const std::string& name, int64_t channels, int64_t side)
      : weight_(
            registry.add_parameter(name + ".complex_weight", {channels / 2, side, side / 2 + 1, 2}, small_normal())),
        local_(registry, name + ".dw", depthwise(channels / 2, 3), small_normal()),
        norm_before_(registry, name + ".pre_norm", channels),
        norm_after_(registry, name + ".post_norm", channels) {}

  at::Tensor operator()(const at::Tensor& x) const {
    const std::vector<at::Tensor> halves = norm_before_.over_channels(x).chunk(2, 1);
    const at::Tensor interleaved = at::stack({local_(halves[0]), filter(halves[1])}, 2);  // (N, C/2, 2, H, W)
    return norm_after_.over_channels(interleaved.flatten(1, 2));
  }

 private:
  // In float32 whatever the precision around it: there is no other transform on every device.
  at::Tensor filter(const at::Tensor& x) const {
    const int64_t sides[] = {x.size(2), x.size(3)};
    const int64_t axes[] = {2, 3};
    const bool exact = x.scalar_type() == at::kDouble;
    const at::Tensor spectrum = at::fft_rfft2(exact ? x : x.to(at::kFloat), std::nullopt, axes, "ortho");
    const at::Tensor weight = at::view_as_complex(resized(spectrum.size(2), spectrum.size(3)).contiguous());
    return at::fft_irfft2(spectrum * weight, sides, axes, "ortho").to(x.scalar_type());
  }

  // (C/2, rows, columns, 2): the filter for a spectrum of this size.
  at::Tensor resized(int64_t rows, int64_t columns) const {
    if (weight_.size(1) == rows && weight_.size(2) == columns) return weight_;
    const int64_t sides[] = {rows, columns};
    const at::Tensor planes = weight_.permute({3, 0, 1, 2});  // (2, C/2, h, w)
    return at::upsample_bilinear2d(planes, sides, /*align_corners=*/true).permute({1, 2, 3, 0});
  }

  at::Tensor weight_;
  Conv2d local_;
  LayerNorm norm_before_;
  LayerNorm norm_after_;
};

// Gated convolution of order n: y = g_0 * d_0, then y = P_i(y) * d_i, where d are depthwise convolutions of parts of
// the projected input that double in width (equations 3.3 to 3.5).
class GatedConvolution {
 public:
  GatedConvolution(TensorRegistry& registry, const std::string& name, const BlockPlace& place,
                   const BackboneVariant& variant)
      : project_in_(pointwise(registry, name + ".proj_in", place.channels, 2 * place.channels)), widths_(parts(place)) {
    int64_t gated = 0;
    for (const int64_t width : widths_) gated += width;
    if (variant.block == "filter" && place.stage >= kFirstFilterStage) {
      filter_.emplace(registry, name + ".dwconv", gated, variant.filters[place.stage - kFirstFilterStage]);
    } else {
      depthwise_.emplace(registry, name + ".dwconv", depthwise(gated, variant.kernels[place.stage]), small_normal(),
                         Initializer::constant(0));
    }
    project_out_.emplace(pointwise(registry, name + ".proj_out", place.channels, place.channels));
    for (size_t i = 0; i + 1 < widths_.size(); ++i) {
      steps_.push_back(pointwise(registry, fmt::format("{}.pws.{}", name, i), widths_[i], widths_[i + 1]));
    }
  }

  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor projected = project_in_(x);
    const at::Tensor gated = projected.narrow(1, widths_[0], projected.size(1) - widths_[0]);
    const at::Tensor mixed = (filter_ ? (*filter_)(gated) : (*depthwise_)(gated)) * kScale;
    const std::vector<at::Tensor> gates = mixed.split_with_sizes(widths_, 1);
    at::Tensor y = projected.narrow(1, 0, widths_[0]) * gates[0];
    for (size_t i = 0; i < steps_.size(); ++i) y = steps_[i](y) * gates[i + 1];
    return (*project_out_)(y);
  }

 private:
  static constexpr size_t kFirstFilterStage = 2;

  // Of orders 2 to 5, stage by stage: C/2^(n-1), .., C/2, C.
  static std::vector<int64_t> parts(const BlockPlace& place) {
    std::vector<int64_t> widths;
    for (int halvings = static_cast<int>(place.stage) + 1; halvings >= 0; --halvings) {
      widths.push_back(place.channels >> halvings);
    }
    return widths;
  }

  Conv2d project_in_;
  std::vector<int64_t> widths_;
  std::optional<Conv2d> depthwise_;
  std::optional<GlobalLocalFilter> filter_;
  std::optional<Conv2d> project_out_;
  std::vector<Conv2d> steps_;
};

class Block {
 public:
  Block(TensorRegistry& registry, const BlockPlace& place, const BackboneVariant& variant, const BackboneOptions&)
      : mixing_scale_(scale(registry, place, ".gamma1")),
        feed_forward_scale_(scale(registry, place, ".gamma2")),
        norm_(registry, place.name + ".norm1", place.channels),
        mixing_(registry, place.name + ".gnconv", place, variant),
        feed_forward_(registry, place.name, "norm2", place.channels, variant),
        first_drop_(place.drop_rate, 2 * place.index),
        second_drop_(place.drop_rate, 2 * place.index + 1) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor mixed = mixing_(norm_.over_channels(x)) * mixing_scale_.view({-1, 1, 1});
    const at::Tensor y = x + first_drop_(mixed, context);
    return y + second_drop_(channels_to_front(feed_forward_(y) * feed_forward_scale_), context);
  }

 private:
  static at::Tensor scale(TensorRegistry& registry, const BlockPlace& place, const char* name) {
    return registry.add_parameter(place.name + name, {place.channels}, Initializer::constant(kLayerScale));
  }

  at::Tensor mixing_scale_;
  at::Tensor feed_forward_scale_;
  LayerNorm norm_;
  GatedConvolution mixing_;
  FeedForward feed_forward_;
  DropPath first_drop_;
  DropPath second_drop_;
};

}  // namespace

std::unique_ptr<Backbone> make_hornet(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ConvNextLike<Block, /*kBlocksPerGroup=*/2>>(variant, options);
}

}  // namespace camsweep

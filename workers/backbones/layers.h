#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "workers/backbones/backbone.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// Layers as plain values: tensors that a registry knows by their official key, and a call operator.

// A length along each axis of a map. A single number stands for both.
struct Extent {
  int64_t height = 0;
  int64_t width = 0;

  Extent(int64_t side) : height(side), width(side) {}  // NOLINT: `.kernel = 3` is what a layer's shape looks like
  Extent(int64_t rows, int64_t columns) : height(rows), width(columns) {}

  int64_t area() const { return height * width; }
  // Padding that keeps a map's size with this odd kernel.
  Extent half() const { return {height / 2, width / 2}; }
};

struct ConvShape {
  int64_t in = 0;
  int64_t out = 0;
  Extent kernel = 1;
  Extent stride = 1;
  Extent padding = 0;
  int64_t groups = 1;

  // fan_in and fan_out as the sources count them: kernel area times channels of one group, or times `out`.
  int64_t fan_in() const { return in / groups * kernel.area(); }
  int64_t fan_out() const { return out * kernel.area(); }
};

// One filter per channel that keeps the map's size, but for a stride.
ConvShape depthwise(int64_t channels, Extent kernel, Extent stride = 1);

// (N, in, H, W) -> (N, out, H', W'). Without `bias` it has none.
class Conv2d {
 public:
  Conv2d(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer weight,
         std::optional<Initializer> bias = std::nullopt);
  at::Tensor operator()(const at::Tensor& x) const;

  const at::Tensor& weight() const { return weight_; }

 private:
  ConvShape shape_;
  at::Tensor weight_;
  at::Tensor bias_;  // undefined: none
};

// Over (N, H, W) of each channel. In training: batch statistics, and running statistics move by 0.1 towards the batch's
// (unbiased variance).
class BatchNorm2d {
 public:
  static constexpr double kEps = 1e-5;  // PyTorch's, and most sources'

  BatchNorm2d(TensorRegistry& registry, const std::string& name, int64_t channels, double eps = kEps);
  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const;

  // The affine map s * x + t it is in evaluation.
  at::Tensor scale() const;
  at::Tensor shift() const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor running_mean_;
  at::Tensor running_var_;
  at::Tensor batches_;
  double eps_;
};

// max(x, 0), in place.
at::Tensor relu(const at::Tensor& x, const ForwardContext& context);

// Over the last dimension, eps 1e-6, biased variance.
class LayerNorm {
 public:
  static constexpr double kEps = 1e-6;

  LayerNorm(TensorRegistry& registry, const std::string& name, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;     // (..., C)
  at::Tensor over_channels(const at::Tensor& x) const;  // (N, C, H, W)

  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// Shape of the weight in weight files: [out, in], or [out, in, 1, 1] where the source computes it as a convolution.
enum class LinearWeight { kMatrix, kConvolution };

struct LinearInit {
  Initializer weight;
  Initializer bias;
};

// (..., in) -> (..., out).
class Linear {
 public:
  Linear(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out, const LinearInit& init,
         LinearWeight form = LinearWeight::kMatrix);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor over_positions(const at::Tensor& map) const;  // (N, in, h, w) -> (N, out, h, w)

  at::Tensor weight() const { return weight_.flatten(1); }  // (out, in)
  const at::Tensor& bias() const { return bias_; }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// U(-1/sqrt(fan_in), 1/sqrt(fan_in)): what PyTorch gives a new convolution or linear layer.
Initializer default_uniform(int64_t fan_in);

// (N, C, H, W) <-> (N, H, W, C), without a copy.
at::Tensor channels_to_end(const at::Tensor& x);
at::Tensor channels_to_front(const at::Tensor& x);

// Stochastic depth (Huang et al., ECCV 2016) of one residual branch: in training each sample's branch is dropped with
// probability `rate`, the others are scaled by 1 / (1 - rate). `layer` tells the branches of a network apart.
class DropPath {
 public:
  DropPath(double rate, int layer) : rate_(rate), layer_(layer) {}
  at::Tensor operator()(const at::Tensor& branch, const ForwardContext& context) const;

 private:
  double rate_;
  int layer_;
};

// In training every element is zero with probability `rate`, the others are scaled by 1 / (1 - rate). What is dropped
// is a hash of (seed, epoch, sample, layer, element), in row-major order. (N, ...) -> the same shape.
class Dropout {
 public:
  Dropout(double rate, int layer) : rate_(rate), layer_(layer) {}
  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const;

 private:
  double rate_;
  int layer_;
};

// The rate of block i of n: 0 at the first, `last` at the last, linear between.
double drop_path_rate(double last, int i, int n);

}  // namespace camsweep

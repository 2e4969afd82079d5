#pragma once

#include <string>
#include <vector>

#include "workers/backbones/layers.h"
#include "workers/backbones/network.h"

// What GoogLeNet and Inception v3 are built of.
namespace camsweep {

inline constexpr double kInceptionNormEps = 1e-3;

// Convolution without bias, batch norm (kInceptionNormEps), ReLU, stored as `<name>.conv` and `<name>.bn`.
class ConvNormRelu {
 public:
  ConvNormRelu(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer init);
  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const;

 private:
  Conv2d conv_;
  BatchNorm2d norm_;
};

// One after another.
using ConvChain = std::vector<ConvNormRelu>;
at::Tensor run_chain(const ConvChain& chain, at::Tensor x, const ForwardContext& context);

enum class LastCell { kCut, kKept };
// 3x3, stride 2; kKept: an incomplete window at the border counts (`ceil_mode`).
at::Tensor halve(const at::Tensor& x, LastCell last, int64_t padding = 0);

}  // namespace camsweep

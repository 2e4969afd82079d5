#include "workers/backbones/inception_parts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/max_pool2d.h>

namespace camsweep {

ConvNormRelu::ConvNormRelu(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer init)
    : conv_(registry, name + ".conv", shape, init), norm_(registry, name + ".bn", shape.out, kInceptionNormEps) {}

at::Tensor ConvNormRelu::operator()(const at::Tensor& x, const ForwardContext& context) const {
  return relu(norm_(conv_(x), context), context);
}

at::Tensor run_chain(const ConvChain& chain, at::Tensor x, const ForwardContext& context) {
  for (const ConvNormRelu& layer : chain) x = layer(x, context);
  return x;
}

at::Tensor halve(const at::Tensor& x, LastCell last, int64_t padding) {
  return at::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, padding, /*dilation=*/1, last == LastCell::kKept);
}

}  // namespace camsweep

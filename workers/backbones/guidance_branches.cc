#include "workers/backbones/guidance_branches.h"

#include <cmath>

namespace camsweep {
namespace {

// Xavier's uniform distribution, as the benchmark draws them.
Conv2d convolution(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out, int64_t kernel) {
  const ConvShape shape{.in = in, .out = out, .kernel = kernel, .padding = kernel / 2};
  const double bound = std::sqrt(6.0 / static_cast<double>(shape.fan_in() + shape.fan_out()));
  return {registry, name, shape, Initializer::uniform(bound), Initializer::constant(0)};
}

}  // namespace

// Hidden widths are those of ResNet-50's branches, 1024 and 512 of its 1024 and 2048 channels, as shares of them.
GuidanceBranches::GuidanceBranches(int64_t middle, int64_t last, uint64_t seed)
    : first_(convolution(registry_, "SPG_B_1a.0", middle, middle, 3)),
      second_(convolution(registry_, "SPG_B_2a.0", middle, middle, 3)),
      shared_hidden_(convolution(registry_, "SPG_B_shared.0", middle, middle, 3)),
      shared_(convolution(registry_, "SPG_B_shared.2", middle, 1, 1)),
      last_hidden_(convolution(registry_, "SPG_C.0", last, last / 4, 3)),
      last_(convolution(registry_, "SPG_C.2", last / 4, 1, 1)) {
  registry_.initialize(seed);
}

at::Tensor GuidanceBranches::of_first(const at::Tensor& map, const ForwardContext& context) const {
  return shared(relu(first_(map), context), context);
}

at::Tensor GuidanceBranches::of_second(const at::Tensor& map, const ForwardContext& context) const {
  return shared(relu(second_(map), context), context);
}

at::Tensor GuidanceBranches::of_last(const at::Tensor& map, const ForwardContext& context) const {
  return last_(relu(last_hidden_(map), context));
}

at::Tensor GuidanceBranches::shared(const at::Tensor& x, const ForwardContext& context) const {
  return shared_(relu(shared_hidden_(x), context));
}

}  // namespace camsweep

#include <ATen/TensorOperators.h>

#include "workers/backbones/conv_norm.h"
#include "workers/backbones/convnext_parts.h"

namespace camsweep {
namespace {

// Liu et al., "More ConvNets in the 2020s: Scaling up Kernels Beyond 51x51 Using Sparsity", ICLR 2023, in the form that
// was released: each large kernel as a tall and a wide one. Names of the official implementation.

// The sum of a tall, a wide and a small depthwise convolution, each with its norm.
class LargeKernel {
 public:
  LargeKernel(TensorRegistry& registry, const std::string& name, int64_t channels, int64_t kernel, int64_t small,
              Form form)
      : tall_(registry, name + ".LoRA1", depthwise(channels, {kernel, small}), small_normal(), form),
        wide_(registry, name + ".LoRA2", depthwise(channels, {small, kernel}), small_normal(), form) {
    if (small < kernel) {
      small_.emplace(registry, name + ".small_conv", depthwise(channels, small), small_normal(), form);
    }
  }

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor sum = tall_(x, context) + wide_(x, context);
    return small_ ? sum + (*small_)(x, context) : sum;
  }

 private:
  ConvNorm tall_;
  ConvNorm wide_;
  std::optional<ConvNorm> small_;
};

class Block {
 public:
  Block(TensorRegistry& registry, const BlockPlace& place, const BackboneVariant& variant,
        const BackboneOptions& options)
      : scale_(registry.add_parameter(place.name + ".gamma", {place.channels}, Initializer::constant(kLayerScale))),
        large_kernel_(registry, place.name + ".large_kernel", place.channels, variant.kernels[place.stage],
                      variant.small_kernel, options.form),
        feed_forward_(registry, place.name, "norm", place.channels, variant),
        drop_path_(place.drop_rate, place.index) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor branch = feed_forward_(large_kernel_(x, context)) * scale_;
    return x + drop_path_(channels_to_front(branch), context);
  }

 private:
  at::Tensor scale_;
  LargeKernel large_kernel_;
  FeedForward feed_forward_;
  DropPath drop_path_;
};

}  // namespace

std::unique_ptr<Backbone> make_slak(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ConvNextLike<Block>>(variant, options);
}

}  // namespace camsweep

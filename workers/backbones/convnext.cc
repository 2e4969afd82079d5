#include <ATen/TensorOperators.h>

#include "workers/backbones/convnext_parts.h"

namespace camsweep {
namespace {

// Liu et al., "A ConvNet for the 2020s", CVPR 2022; names of the official implementation.
class Block {
 public:
  Block(TensorRegistry& registry, const BlockPlace& place, const BackboneVariant& variant, const BackboneOptions&)
      : scale_(registry.add_parameter(place.name + ".gamma", {place.channels}, Initializer::constant(kLayerScale))),
        depthwise_(registry, place.name + ".dwconv", depthwise(place.channels, variant.kernels[place.stage]),
                   small_normal(), Initializer::constant(0)),
        feed_forward_(registry, place.name, "norm", place.channels, variant),
        drop_path_(place.drop_rate, place.index) {}

  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const {
    const at::Tensor branch = feed_forward_(depthwise_(x)) * scale_;
    return x + drop_path_(channels_to_front(branch), context);
  }

 private:
  at::Tensor scale_;
  Conv2d depthwise_;
  FeedForward feed_forward_;
  DropPath drop_path_;
};

}  // namespace

std::unique_ptr<Backbone> make_convnext(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<ConvNextLike<Block>>(variant, options);
}

}  // namespace camsweep

#include "workers/backbones/conv_norm.h"

namespace camsweep {

ConvNorm::ConvNorm(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer init,
                   Form form)
    : conv_(registry, name + ".conv", shape, init,
            form == Form::kFolded ? std::optional(Initializer::constant(0)) : std::nullopt) {
  if (form != Form::kFolded) norm_.emplace(registry, name + ".bn", shape.out);
}

at::Tensor ConvNorm::operator()(const at::Tensor& x, const ForwardContext& context) const {
  const at::Tensor y = conv_(x);
  return norm_ ? (*norm_)(y, context) : y;
}

}  // namespace camsweep

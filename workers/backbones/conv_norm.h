#pragma once

#include <optional>
#include <string>

#include "workers/backbones/layers.h"

namespace camsweep {

// A convolution and the batch norm after it, `<name>.conv` and `<name>.bn`; in the folded form one convolution with a
// bias, `<name>.conv`.
class ConvNorm {
 public:
  ConvNorm(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer init, Form form);
  at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const;

  const at::Tensor& weight() const { return conv_.weight(); }

 private:
  Conv2d conv_;
  std::optional<BatchNorm2d> norm_;
};

}  // namespace camsweep

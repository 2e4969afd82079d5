#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

// Layers of a network whose parameters are fixed, for gradients with respect to its input. Autograd's own keep the
// input of every convolution and norm and the result of every ReLU; the gradient of the input alone needs the weights,
// the sign of what a ReLU saw, and no more. Values and gradients are those of autograd but for rounding; a second
// derivative there is not.
namespace camsweep {

struct ConvShape;
using TensorFunction = std::function<at::Tensor(const at::Tensor&)>;

// Whether gradients are being recorded, `x` needs one and `parameter` none.
bool wants_input_gradient_alone(const at::Tensor& x, const at::Tensor& parameter);

// A convolution that keeps its weight.
at::Tensor convolve_fixed(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                          const ConvShape& shape);

// max(x, 0) in place, keeping one byte an element.
at::Tensor relu_keeping_signs(const at::Tensor& x);

// f(x), where f widens x by `weight`, (out, in, ...). If the gradient of x alone is wanted and the widened map is
// large, only x is kept and f(x) computed again in the backward pass (Chen et al., "Training Deep Nets with Sublinear
// Memory Cost", 2016); what f refers to must live until then.
at::Tensor widen(const at::Tensor& x, const at::Tensor& weight, const TensorFunction& f);

}  // namespace camsweep

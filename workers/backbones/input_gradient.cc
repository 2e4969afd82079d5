#include "workers/backbones/input_gradient.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gt.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <utility>

#include "workers/backbones/convolutions.h"

namespace camsweep {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// RepLKNet-31B at 1024 px: 134 MB and 67 MB a block in its first two stages, 34 MB in the 18 blocks of the third, where
// computing it again would cost a tenth of all the work.
constexpr size_t kRecomputedBytes = size_t{48} << 20;

// What a node of the graph keeps beside tensors. Those go through save_for_backward(), which frees them as the backward
// pass goes.
template <class T>
struct Kept : torch::CustomClassHolder {
  explicit Kept(T kept) : value(std::move(kept)) {}
  T value;
};

template <class T>
void keep(AutogradContext* context, T value) {
  context->saved_data["kept"] = at::IValue::make_capsule(c10::make_intrusive<Kept<T>>(std::move(value)));
}

template <class T>
T kept(const AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<Kept<T>>(context->saved_data.at("kept").toCapsule())->value;
}

struct FixedConvolution : torch::autograd::Function<FixedConvolution> {
  struct Geometry {
    ConvShape shape;
    Extent in;
  };

  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const ConvShape& shape) {
    context->save_for_backward({weight});
    keep(context, Geometry{shape, {x.size(2), x.size(3)}});
    return convolution_values(x, weight, bias, shape);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto [shape, in] = kept<Geometry>(context);
    return {convolution_input_gradient(gradients[0], context->get_saved_variables()[0], shape, in), {}, {}, {}};
  }
};

struct SignKeepingRelu : torch::autograd::Function<SignKeepingRelu> {
  static at::Tensor forward(AutogradContext* context, at::Tensor x) {
    context->save_for_backward({x.gt(0)});
    context->mark_dirty({x});
    return x.relu_();
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {gradients[0] * context->get_saved_variables()[0]};
  }
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const TensorFunction& f) {
    context->save_for_backward({x});
    keep(context, f);
    return f(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::AutoGradMode with_gradient(true);
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
    const at::Tensor y = kept<TensorFunction>(context)(x);
    return {torch::autograd::grad({y}, {x}, {gradients[0]})[0], {}};
  }
};

}  // namespace

bool wants_input_gradient_alone(const at::Tensor& x, const at::Tensor& parameter) {
  return at::GradMode::is_enabled() && x.requires_grad() && !parameter.requires_grad();
}

at::Tensor convolve_fixed(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                          const ConvShape& shape) {
  return FixedConvolution::apply(x, weight, bias, shape);
}

at::Tensor relu_keeping_signs(const at::Tensor& x) { return SignKeepingRelu::apply(x); }

at::Tensor widen(const at::Tensor& x, const at::Tensor& weight, const TensorFunction& f) {
  const size_t bytes = x.nbytes() / static_cast<size_t>(weight.size(1)) * static_cast<size_t>(weight.size(0));
  return wants_input_gradient_alone(x, weight) && bytes > kRecomputedBytes ? Recomputed::apply(x, f) : f(x);
}

}  // namespace camsweep

#include "workers/backbones/input_gradient.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/gt.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <utility>
#include <vector>

#include "workers/backbones/layers.h"

namespace camsweep {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// RepLKNet-31B at 1024 px: 134 MB and 67 MB a block in its first two stages, 34 MB in the 18 blocks of the third, where
// computing it again would cost a tenth of all the work.
constexpr size_t kRecomputedBytes = size_t{48} << 20;

std::vector<int64_t> pair(Extent extent) { return {extent.height, extent.width}; }

bool is_pointwise(const ConvShape& shape) {
  return shape.kernel.area() == 1 && shape.stride.area() == 1 && shape.padding.area() == 0 && shape.groups == 1;
}

bool keeps_size_by_channel(const ConvShape& shape) {
  const Extent half = shape.kernel.half();
  return shape.groups == shape.in && shape.in == shape.out && shape.stride.area() == 1 &&
         shape.kernel.height % 2 == 1 && shape.kernel.width % 2 == 1 && shape.padding.height == half.height &&
         shape.padding.width == half.width;
}

// What a transposed convolution leaves out of an input whose last positions no window reaches.
Extent remainder(Extent in, const at::Tensor& gradient, const ConvShape& shape) {
  const auto missing = [](int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t padding) {
    return size - ((out - 1) * stride - 2 * padding + kernel);
  };
  return {missing(in.height, gradient.size(2), shape.kernel.height, shape.stride.height, shape.padding.height),
          missing(in.width, gradient.size(3), shape.kernel.width, shape.stride.width, shape.padding.width)};
}

// Forward convolutions are the faster ones where they give the same: on a CPU 1.0 to 1.5 times (pointwise) and 1.1 to
// 1.6 times (31 to 27 wide by channel, in channels-last alone).
at::Tensor input_gradient(const at::Tensor& gradient, const at::Tensor& weight, const ConvShape& shape, Extent in) {
  if (is_pointwise(shape)) return at::conv2d(gradient, weight.transpose(0, 1));
  if (keeps_size_by_channel(shape) && gradient.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    return at::conv2d(gradient, weight.flip({2, 3}), /*bias=*/{}, /*stride=*/1, pair(shape.padding), /*dilation=*/1,
                      shape.groups);
  }
  return at::conv_transpose2d(gradient, weight, /*bias=*/{}, pair(shape.stride), pair(shape.padding),
                              pair(remainder(in, gradient, shape)), shape.groups);
}

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
    return at::conv2d(x, weight, bias, pair(shape.stride), pair(shape.padding), /*dilation=*/1, shape.groups);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto [shape, in] = kept<Geometry>(context);
    return {input_gradient(gradients[0], context->get_saved_variables()[0], shape, in), {}, {}, {}};
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

#include "workers/backbones/convolutions.h"

#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "workers/kernels/depthwise.h"

namespace camsweep {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

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

bool in_channels_last(const at::Tensor& x) { return x.is_contiguous(at::MemoryFormat::ChannelsLast); }

bool own_kernels_take(const at::Tensor& x, const ConvShape& shape) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         keeps_size_by_channel(shape);
}

// Without AVX-512 LibTorch multiplies matrices for wide filters: ours take a quarter to a half of the time from 13 x 13
// on. With AVX-512 it is slow for them in the planar layout alone.
bool own_values(const at::Tensor& x, const ConvShape& shape) {
  constexpr int64_t kMeasured = 13;
  if (!own_kernels_take(x, shape)) return false;
  if (chosen_instruction_set() != InstructionSet::kAvx512) return shape.kernel.area() >= kMeasured * kMeasured;
  return shape.kernel.width > kMeasured && !in_channels_last(x);
}

// LibTorch's gradient of 7 x 7 filters takes 6 to 12 times as long, that of 31 x 31 ones 44 to 51 times.
bool own_filter_gradient(const at::Tensor& x, const ConvShape& shape) {
  constexpr int64_t kMeasured = 5;
  return own_kernels_take(x, shape) && shape.kernel.area() >= kMeasured * kMeasured;
}

// What a transposed convolution leaves out of an input whose last positions no window reaches.
Extent remainder(Extent in, const at::Tensor& gradient, const ConvShape& shape) {
  const auto missing = [](int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t padding) {
    return size - ((out - 1) * stride - 2 * padding + kernel);
  };
  return {missing(in.height, gradient.size(2), shape.kernel.height, shape.stride.height, shape.padding.height),
          missing(in.width, gradient.size(3), shape.kernel.width, shape.stride.width, shape.padding.width)};
}

// Keeps the input only where the filters' gradient is wanted.
struct DepthwiseConvolution : torch::autograd::Function<DepthwiseConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const ConvShape& shape) {
    context->save_for_backward({weight.requires_grad() ? x : at::Tensor(), weight});
    context->saved_data["has_bias"] = bias.has_value();
    return convolution_values(x, weight, bias, shape);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    at::Tensor gradient = gradients[0];
    if (!in_channels_last(gradient)) gradient = gradient.contiguous();
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) {
      const ConvShape shape = depthwise(weight.size(0), {weight.size(2), weight.size(3)});
      of_x = convolution_input_gradient(gradient, weight, shape, {gradient.size(2), gradient.size(3)});
    }
    if (context->needs_input_grad(1)) of_weight = depthwise_filter_gradient(x, gradient, weight.sizes().slice(2));
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2)) of_bias = gradient.sum({0, 2, 3});
    return {of_x, of_weight, of_bias, {}};
  }
};

}  // namespace

at::Tensor convolution_values(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                              const ConvShape& shape) {
  if (own_values(x, shape)) return depthwise_values(x, weight, bias);
  return at::conv2d(x, weight, bias, pair(shape.stride), pair(shape.padding), /*dilation=*/1, shape.groups);
}

// Forward convolutions are the faster ones where they give the same: on a CPU 1.0 to 1.5 times (pointwise) and 1.1 to
// 1.6 times (31 to 27 wide by channel, in channels-last alone).
at::Tensor convolution_input_gradient(const at::Tensor& gradient, const at::Tensor& weight, const ConvShape& shape,
                                      Extent in) {
  if (is_pointwise(shape)) return at::conv2d(gradient, weight.transpose(0, 1));
  if (own_values(gradient, shape)) return depthwise_input_gradient(gradient, weight);
  if (keeps_size_by_channel(shape) && in_channels_last(gradient)) {
    return at::conv2d(gradient, weight.flip({2, 3}), /*bias=*/{}, /*stride=*/1, pair(shape.padding), /*dilation=*/1,
                      shape.groups);
  }
  return at::conv_transpose2d(gradient, weight, /*bias=*/{}, pair(shape.stride), pair(shape.padding),
                              pair(remainder(in, gradient, shape)), shape.groups);
}

// What a convolution of LibTorch takes under autocast; functions of our own have to ask for it.
at::Tensor autocast(const at::Tensor& x) {
  if (!x.is_cpu() || !at::autocast::is_autocast_enabled(at::kCPU)) return x;
  return at::autocast::cached_cast(at::autocast::get_autocast_dtype(at::kCPU), x, at::kCPU);
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                    const ConvShape& shape) {
  if (own_values(x, shape) || own_filter_gradient(x, shape)) {
    const std::optional<at::Tensor> cast_bias = bias ? std::optional(autocast(*bias)) : std::nullopt;
    return DepthwiseConvolution::apply(autocast(x), autocast(weight), cast_bias, shape);
  }
  return convolution_values(x, weight, bias, shape);
}

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "workers/backbones/layers.h"

// Convolutions and their gradients by the fastest kernel for a shape, a layout and an instruction set: LibTorch's, or
// for depthwise ones our own (workers/kernels/depthwise.h). Which is which was measured (bench/depthwise) and is the
// same in every run, so that runs repeat to the bit. Values are those of at::conv2d but for rounding.
namespace camsweep {

at::Tensor convolution_values(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                              const ConvShape& shape);

// Of the values with respect to an input of this size.
at::Tensor convolution_input_gradient(const at::Tensor& gradient, const at::Tensor& weight, const ConvShape& shape,
                                      Extent in);

// convolution_values() that autograd can differentiate, by all of x, weight and bias.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                    const ConvShape& shape);

}  // namespace camsweep

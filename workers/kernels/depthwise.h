#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "schemas/instruction_set.h"

namespace camsweep {

// Depthwise convolutions on a CPU that keep a map's size: stride 1, one filter of odd sides per channel, zeros around
// the map. Maps (N, C, H, W) in any layout, which results keep; filters (C, 1, KH, KW); float32, or bfloat16 with sums
// in float32. Results do not depend on the number of threads.
//
// Work is counted in taps that meet the map: taps on the zeros around it are left out but for a rim of a few, so that
// filters may be wider than the map. The twin is at::conv2d in double.

at::Tensor depthwise_values(const at::Tensor& x, const at::Tensor& filters, const std::optional<at::Tensor>& bias,
                            InstructionSet set = chosen_instruction_set());

// Of the values with respect to x; and with respect to the filters, whose sides are needed.
at::Tensor depthwise_input_gradient(const at::Tensor& gradient, const at::Tensor& filters,
                                    InstructionSet set = chosen_instruction_set());
at::Tensor depthwise_filter_gradient(const at::Tensor& x, const at::Tensor& gradient, at::IntArrayRef sides,
                                     InstructionSet set = chosen_instruction_set());

}  // namespace camsweep

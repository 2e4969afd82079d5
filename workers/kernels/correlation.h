#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "schemas/instruction_set.h"

namespace camsweep {

// Rows of vectors, each the same position of `lanes` channels, aligned to their size; `stride` floats from row to row.
struct VectorRows {
  const float* first = nullptr;
  std::ptrdiff_t stride = 0;
};

// sums[a] += sum over rows r and positions s < 4 * steps of left[r][s] * right[r][a + s], lane by lane, for a < width.
// The sum over s of one r comes before the next r, so that a result does not depend on the width.
//
// All of a depthwise convolution is made of this (depthwise.cc): `right` is the input; for values, `left` is the filter
// and a position of the output each a sum; for the filter's gradient, `left` is the gradient of the values and each
// tap a sum. Neighbouring sums share what they load, and `width` of them stay in registers.
using Correlate = void (*)(const VectorRows& left, const VectorRows& right, int64_t rows, int64_t steps, float* sums);

// Positions that a step takes: callers keep this many readable ones, zeros in one operand, beyond what they mean.
inline constexpr int64_t kStepPositions = 4;
inline constexpr int64_t kMostSums = 24;

// For one instruction set.
struct CorrelationKernels {
  int64_t lanes = 0;
  int64_t widest = 0;                             // sums that registers hold
  std::array<Correlate, kMostSums + 1> of_width;  // entries 1 to widest
};

const CorrelationKernels& correlation_kernels(InstructionSet set);

// The width to cut `count` sums into, the last group being filled up: the least work, a width of fewer than eight
// costing as much as eight, because each sum has to wait for its last addition.
int64_t group_width(int64_t count, int64_t widest);

}  // namespace camsweep

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schemas/instruction_set.h"

namespace camsweep {

// The weighted sums of resize(), whose weights are integers of 22 fractional bits: exact, so that all instruction sets
// give the same bytes.
constexpr int kResizeBits = 22;

// The source samples and weights of every output sample along one axis. All have the same number of taps, a multiple of
// four: weights beyond a sample's own are zero.
struct AxisWeights {
  size_t taps = 0;
  std::vector<int> first;
  std::vector<int32_t> weights;  // taps for each output sample
  // The same, two neighbours in the halves of a word, with w = 2^11 * high + low, 0 <= low < 2^11: what fits the
  // processor's products of 16 bits.
  std::vector<int32_t> low;
  std::vector<int32_t> high;

  size_t size() const { return first.size(); }
};

// Fills `low` and `high` from `weights`.
void split_weights(AxisWeights& axis);

struct ResizeKernels {
  // Two rows of RGB pixels to `axis.size()` pixels each. 16 bytes beyond the last tap of a row must be readable.
  void (*horizontal)(const uint8_t* const rows[2], const AxisWeights& axis, uint8_t* const outs[2]);
  // One output row: output sample `y` of the axis over `count` bytes of the rows that rows[0..taps) point to.
  void (*vertical)(const uint8_t* const* rows, const AxisWeights& axis, size_t y, size_t count, uint8_t* out);
};

const ResizeKernels& resize_kernels(InstructionSet set = chosen_instruction_set());

}  // namespace camsweep

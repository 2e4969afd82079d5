// Values that one step has loaded are not to be kept for the next: there are no registers for them.
#pragma GCC optimize("no-predictive-commoning")
#include "workers/kernels/correlation.h"

#include <algorithm>
#include <utility>

#include "schemas/error.h"

namespace camsweep {
namespace {

template <int lanes>
struct Vector {
  typedef float Lanes __attribute__((vector_size(lanes * sizeof(float))));
};

// For each instruction set inlined into one of the functions below, whose target says what a vector and a sum of a
// product are.
template <int lanes, int width>
inline __attribute__((always_inline)) void correlate(const VectorRows& left, const VectorRows& right, int64_t rows,
                                                     int64_t steps, float* sums) {
  using Lanes = typename Vector<lanes>::Lanes;
  Lanes own[width];
#pragma GCC unroll 32
  for (int i = 0; i < width; ++i) own[i] = reinterpret_cast<const Lanes*>(sums)[i];
  for (int64_t r = 0; r < rows; ++r) {
    const auto* a = reinterpret_cast<const Lanes*>(left.first + r * left.stride);
    const auto* b = reinterpret_cast<const Lanes*>(right.first + r * right.stride);
    for (int64_t step = 0; step < steps; ++step, a += kStepPositions, b += kStepPositions) {
      const Lanes a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
#pragma GCC unroll 32
      for (int i = 0; i < width + 3; ++i) {
        const Lanes value = b[i];
        if (i < width) own[i] += a0 * value;
        if (i >= 1 && i < width + 1) own[i - 1] += a1 * value;
        if (i >= 2 && i < width + 2) own[i - 2] += a2 * value;
        if (i >= 3) own[i - 3] += a3 * value;
      }
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < width; ++i) reinterpret_cast<Lanes*>(sums)[i] = own[i];
}

template <int width>
void generic(const VectorRows& left, const VectorRows& right, int64_t rows, int64_t steps, float* sums) {
  correlate<4, width>(left, right, rows, steps, sums);
}

template <int... widths>
constexpr CorrelationKernels generic_kernels(std::integer_sequence<int, widths...>) {
  return {4, sizeof...(widths), {nullptr, generic<widths + 1>...}};
}

#ifdef CAMSWEEP_X86_KERNELS
template <int width>
__attribute__((target("avx2,fma"))) void avx2(const VectorRows& left, const VectorRows& right, int64_t rows,
                                              int64_t steps, float* sums) {
  correlate<8, width>(left, right, rows, steps, sums);
}

template <int width>
__attribute__((target("avx512f"))) void avx512(const VectorRows& left, const VectorRows& right, int64_t rows,
                                               int64_t steps, float* sums) {
  correlate<16, width>(left, right, rows, steps, sums);
}

template <int... widths>
constexpr CorrelationKernels avx2_kernels(std::integer_sequence<int, widths...>) {
  return {8, sizeof...(widths), {nullptr, avx2<widths + 1>...}};
}

template <int... widths>
constexpr CorrelationKernels avx512_kernels(std::integer_sequence<int, widths...>) {
  return {16, sizeof...(widths), {nullptr, avx512<widths + 1>...}};
}
#endif

// Sums for which there are registers beside four of `left` and one of `right`: of 16, or of 32.
using OfSixteen = std::make_integer_sequence<int, 11>;
using OfThirtyTwo = std::make_integer_sequence<int, kMostSums>;

}  // namespace

const CorrelationKernels& correlation_kernels(InstructionSet set) {
#ifdef CAMSWEEP_X86_KERNELS
  static constexpr CorrelationKernels kAvx512 = avx512_kernels(OfThirtyTwo{});
  static constexpr CorrelationKernels kAvx2 = avx2_kernels(OfSixteen{});
  if (set == InstructionSet::kAvx512) return kAvx512;
  if (set == InstructionSet::kAvx2) return kAvx2;
#endif
  CAMSWEEP_CHECK(set == InstructionSet::kGeneric, "a set that is asked for is there");
  static constexpr CorrelationKernels kGeneric = generic_kernels(OfSixteen{});
  return kGeneric;
}

int64_t group_width(int64_t count, int64_t widest) {
  const auto cost = [count](int64_t width) { return (count + width - 1) / width * std::max<int64_t>(width, 8); };
  int64_t best = 1;
  for (int64_t width = 2; width <= std::min(count, widest); ++width) {
    if (cost(width) <= cost(best)) best = width;
  }
  return best;
}

}  // namespace camsweep

#include "workers/data/resize_kernels.h"

#include <algorithm>

#ifdef CAMSWEEP_X86_KERNELS
#include <immintrin.h>
#endif

namespace camsweep {
namespace {

constexpr int kLowBits = 11;
constexpr int32_t kHalf = 1 << (kResizeBits - 1);

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kResizeBits, 0, 255)); }

void horizontal_generic(const uint8_t* const rows[2], const AxisWeights& axis, uint8_t* const outs[2]) {
  for (int side = 0; side < 2; ++side) {
    uint8_t* out = outs[side];
    for (size_t x = 0; x < axis.size(); ++x, out += 3) {
      int32_t sums[3] = {kHalf, kHalf, kHalf};
      const uint8_t* from = rows[side] + size_t{3} * axis.first[x];
      const int32_t* weights = axis.weights.data() + x * axis.taps;
      for (size_t k = 0; k < axis.taps; ++k) {
        for (int32_t& sum : sums) sum += weights[k] * *from++;
      }
      for (size_t c = 0; c < 3; ++c) out[c] = rounded(sums[c]);
    }
  }
}

void vertical_from(size_t begin, const uint8_t* const* rows, const AxisWeights& axis, size_t y, size_t count,
                   uint8_t* out) {
  const int32_t* weights = axis.weights.data() + y * axis.taps;
  for (size_t i = begin; i < count; ++i) {
    int32_t sum = kHalf;
    for (size_t k = 0; k < axis.taps; ++k) sum += weights[k] * rows[k][i];
    out[i] = rounded(sum);
  }
}

void vertical_generic(const uint8_t* const* rows, const AxisWeights& axis, size_t y, size_t count, uint8_t* out) {
  vertical_from(0, rows, axis, y, count, out);
}

#ifdef CAMSWEEP_X86_KERNELS
#define CAMSWEEP_AVX2 __attribute__((target("avx2")))

// Sums of products with the lower and upper parts of weights.
struct Sums {
  __m256i low;
  __m256i high;
};

CAMSWEEP_AVX2 void add(Sums& sums, __m256i pairs, int32_t low, int32_t high) {
  sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(pairs, _mm256_set1_epi32(low)));
  sums.high = _mm256_add_epi32(sums.high, _mm256_madd_epi16(pairs, _mm256_set1_epi32(high)));
}

CAMSWEEP_AVX2 __m256i total(const Sums& sums) {
  const __m256i sum =
      _mm256_add_epi32(_mm256_add_epi32(sums.low, _mm256_slli_epi32(sums.high, kLowBits)), _mm256_set1_epi32(kHalf));
  return _mm256_srai_epi32(sum, kResizeBits);
}

// Each half of a register holds four pixels of one of the rows; a shuffle puts two neighbours' channels side by side.
CAMSWEEP_AVX2 void horizontal_avx2(const uint8_t* const rows[2], const AxisWeights& axis, uint8_t* const outs[2]) {
  constexpr char kZero = -128;
  const __m256i first_pair = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, kZero, 3, kZero, 1, kZero, 4, kZero, 2, kZero, 5, kZero, kZero, kZero, kZero, kZero));
  const __m256i second_pair = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(6, kZero, 9, kZero, 7, kZero, 10, kZero, 8, kZero, 11, kZero, kZero, kZero, kZero, kZero));
  const int32_t* low = axis.low.data();
  const int32_t* high = axis.high.data();
  for (size_t x = 0; x < axis.size(); ++x) {
    Sums sums{_mm256_setzero_si256(), _mm256_setzero_si256()};
    const size_t offset = size_t{3} * axis.first[x];
    for (size_t k = 0; k < axis.taps; k += 4, low += 2, high += 2) {
      const auto* upper = reinterpret_cast<const __m128i*>(rows[0] + offset + 3 * k);
      const auto* lower = reinterpret_cast<const __m128i*>(rows[1] + offset + 3 * k);
      const __m256i pixels =
          _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(upper)), _mm_loadu_si128(lower), 1);
      add(sums, _mm256_shuffle_epi8(pixels, first_pair), low[0], high[0]);
      add(sums, _mm256_shuffle_epi8(pixels, second_pair), low[1], high[1]);
    }
    const __m256i words = _mm256_packs_epi32(total(sums), _mm256_setzero_si256());
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const int pixels[] = {_mm256_extract_epi32(bytes, 0), _mm256_extract_epi32(bytes, 4)};
    for (int side = 0; side < 2; ++side) {
      const auto* pixel = reinterpret_cast<const uint8_t*>(&pixels[side]);
      std::copy_n(pixel, 3, outs[side] + 3 * x);
    }
  }
}

CAMSWEEP_AVX2 void vertical_avx2(const uint8_t* const* rows, const AxisWeights& axis, size_t y, size_t count,
                                 uint8_t* out) {
  constexpr size_t kColumns = 16;
  const int32_t* low = axis.low.data() + y * axis.taps / 2;
  const int32_t* high = axis.high.data() + y * axis.taps / 2;
  size_t i = 0;
  for (; i + kColumns <= count; i += kColumns) {
    Sums left{_mm256_setzero_si256(), _mm256_setzero_si256()};
    Sums right = left;
    for (size_t k = 0; k < axis.taps; k += 2) {
      const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k] + i));
      const __m128i lower = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k + 1] + i));
      add(left, _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(upper, lower)), low[k / 2], high[k / 2]);
      add(right, _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(upper, lower)), low[k / 2], high[k / 2]);
    }
    // Packing works in halves: their middle quarters are swapped back.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(total(left), total(right)), 0xd8);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), bytes);
  }
  vertical_from(i, rows, axis, y, count, out);
}
#endif

}  // namespace

void split_weights(AxisWeights& axis) {
  constexpr int32_t kLow = (1 << kLowBits) - 1;
  const auto pair = [](int32_t left, int32_t right) {
    return static_cast<int32_t>((static_cast<uint32_t>(right) << 16) | (static_cast<uint32_t>(left) & 0xffff));
  };
  for (size_t i = 0; i < axis.weights.size(); i += 2) {
    const int32_t left = axis.weights[i], right = axis.weights[i + 1];
    axis.low.push_back(pair(left & kLow, right & kLow));
    axis.high.push_back(pair(left >> kLowBits, right >> kLowBits));
  }
}

const ResizeKernels& resize_kernels(InstructionSet set) {
  static constexpr ResizeKernels kGeneric = {horizontal_generic, vertical_generic};
#ifdef CAMSWEEP_X86_KERNELS
  static constexpr ResizeKernels kAvx2 = {horizontal_avx2, vertical_avx2};
  if (set != InstructionSet::kGeneric) return kAvx2;
#endif
  return kGeneric;
}

}  // namespace camsweep

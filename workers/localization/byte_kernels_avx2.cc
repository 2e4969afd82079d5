#include "workers/localization/byte_kernels_x86.h"

#ifdef CAMSWEEP_X86_KERNELS
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>

namespace camsweep {
namespace {

#define CAMSWEEP_AVX2 __attribute__((target("avx2,bmi,lzcnt")))

constexpr size_t kLanes = 32;

CAMSWEEP_AVX2 __m256i load(const uint8_t* bytes) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)); }
CAMSWEEP_AVX2 void store(uint8_t* bytes, __m256i lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), lanes);
}
// AVX2 compares no unsigned bytes: a <= b where a is the smaller of both.
CAMSWEEP_AVX2 uint32_t not_above(__m256i a, __m256i b) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(a, b), a)));
}

CAMSWEEP_AVX2 void turns(const uint8_t* row, size_t chunks, uint64_t* rises, uint64_t* falls) {
  for (size_t c = 0; c < chunks; ++c, row += kChunk) {
    const __m256i before_low = load(row - 1), before_high = load(row + kLanes - 1);
    const __m256i low = load(row), high = load(row + kLanes);
    rises[c] = ~(uint64_t{not_above(low, before_low)} | uint64_t{not_above(high, before_high)} << kLanes);
    falls[c] = ~(uint64_t{not_above(before_low, low)} | uint64_t{not_above(before_high, high)} << kLanes);
  }
}

CAMSWEEP_AVX2 int first_not_above(const uint8_t* a, const uint8_t* b, int count) {
  for (int i = 0; i < count; i += static_cast<int>(kLanes)) {
    const uint32_t found = not_above(load(a + i), load(b + i));
    if (found != 0) return std::min(count, i + std::countr_zero(found));
  }
  return count;
}

CAMSWEEP_AVX2 void raise(uint8_t* lanes, const uint8_t* by, size_t chunks) {
  for (size_t i = 0; i < chunks * kChunk; i += kLanes) store(lanes + i, _mm256_max_epu8(load(lanes + i), load(by + i)));
}

CAMSWEEP_AVX2 void raise_range(uint8_t* lanes, const uint8_t* by, int count) {
  alignas(kLanes) static constexpr auto kInside = [] {
    std::array<uint8_t, 2 * kLanes> bytes{};
    std::fill_n(bytes.begin(), kLanes, uint8_t{0xff});
    return bytes;
  }();
  for (int i = 0; i < count; i += static_cast<int>(kLanes)) {
    const auto left = std::min(kLanes, static_cast<size_t>(count - i));
    const __m256i inside = load(kInside.data() + kLanes - left);
    store(lanes + i, _mm256_max_epu8(load(lanes + i), _mm256_and_si256(inside, load(by + i))));
  }
}

CAMSWEEP_AVX2 uint64_t above(const uint8_t* lanes, size_t chunk, __m256i limit) {
  const uint8_t* at = lanes + chunk * kChunk;
  return ~(uint64_t{not_above(load(at), limit)} | uint64_t{not_above(load(at + kLanes), limit)} << kLanes);
}

CAMSWEEP_AVX2 void spans(const uint8_t* lanes, size_t chunks, int low, int high, LaneSpan* spans) {
  size_t left = 0;
  size_t right = chunks - 1;
  for (int level = low; level <= high; ++level) {
    const __m256i limit = _mm256_set1_epi8(static_cast<char>(level));
    uint64_t first = above(lanes, left, limit);
    while (first == 0) first = above(lanes, ++left, limit);
    uint64_t last = left == right ? first : above(lanes, right, limit);
    while (last == 0) last = above(lanes, --right, limit);
    *spans++ = {static_cast<int32_t>(left * kChunk) + std::countr_zero(first),
                static_cast<int32_t>(right * kChunk) + 63 - std::countl_zero(last)};
  }
}

CAMSWEEP_AVX2 void squares(const uint8_t* upper, const uint8_t* lower, size_t chunks, uint8_t* third, uint8_t* least) {
  for (size_t x = 0; x < chunks * kChunk; x += kLanes) {
    const __m256i a = load(upper + x - 1), b = load(upper + x), c = load(lower + x - 1), d = load(lower + x);
    const __m256i upper_low = _mm256_min_epu8(a, b), lower_low = _mm256_min_epu8(c, d);
    const __m256i highs = _mm256_min_epu8(_mm256_max_epu8(a, b), _mm256_max_epu8(c, d));
    store(third + x, _mm256_min_epu8(_mm256_max_epu8(upper_low, lower_low), highs));
    store(least + x, _mm256_min_epu8(upper_low, lower_low));
  }
}

#undef CAMSWEEP_AVX2

}  // namespace

const ByteKernels kAvx2Kernels = {turns, first_not_above, raise, raise_range, spans, squares};

}  // namespace camsweep
#endif

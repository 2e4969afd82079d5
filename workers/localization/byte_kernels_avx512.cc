#include "workers/localization/byte_kernels_x86.h"

#ifdef CAMSWEEP_X86_KERNELS
#include <immintrin.h>

#include <algorithm>
#include <bit>

namespace camsweep {
namespace {

#define CAMSWEEP_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,lzcnt")))

CAMSWEEP_AVX512 __m512i load(const uint8_t* bytes) { return _mm512_loadu_si512(bytes); }

CAMSWEEP_AVX512 void turns(const uint8_t* row, size_t chunks, uint64_t* rises, uint64_t* falls) {
  for (size_t c = 0; c < chunks; ++c, row += kChunk) {
    const __m512i before = load(row - 1);
    const __m512i here = load(row);
    rises[c] = _mm512_cmplt_epu8_mask(before, here);
    falls[c] = _mm512_cmpgt_epu8_mask(before, here);
  }
}

CAMSWEEP_AVX512 int first_not_above(const uint8_t* a, const uint8_t* b, int count) {
  constexpr int kLanes = kChunk;
  for (int i = 0; i < count; i += kLanes) {
    const uint64_t found = _mm512_cmple_epu8_mask(load(a + i), load(b + i));
    if (found != 0) return std::min(count, i + std::countr_zero(found));
  }
  return count;
}

CAMSWEEP_AVX512 void raise(uint8_t* lanes, const uint8_t* by, size_t chunks) {
  for (size_t i = 0; i < chunks * kChunk; i += kChunk) {
    _mm512_storeu_si512(lanes + i, _mm512_max_epu8(load(lanes + i), load(by + i)));
  }
}

CAMSWEEP_AVX512 void raise_range(uint8_t* lanes, const uint8_t* by, int count) {
  constexpr int kLanes = kChunk;
  for (int i = 0; i < count; i += kLanes) {
    const int left = count - i;
    const __mmask64 inside = left >= kLanes ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    const __m512i raised =
        _mm512_max_epu8(_mm512_maskz_loadu_epi8(inside, lanes + i), _mm512_maskz_loadu_epi8(inside, by + i));
    _mm512_mask_storeu_epi8(lanes + i, inside, raised);
  }
}

CAMSWEEP_AVX512 void spans(const uint8_t* lanes, size_t chunks, int low, int high, LaneSpan* spans) {
  size_t left = 0;
  size_t right = chunks - 1;
  for (int level = low; level <= high; ++level) {
    const __m512i limit = _mm512_set1_epi8(static_cast<char>(level));
    uint64_t first = _mm512_cmpgt_epu8_mask(load(lanes + left * kChunk), limit);
    while (first == 0) first = _mm512_cmpgt_epu8_mask(load(lanes + ++left * kChunk), limit);
    uint64_t last = left == right ? first : _mm512_cmpgt_epu8_mask(load(lanes + right * kChunk), limit);
    while (last == 0) last = _mm512_cmpgt_epu8_mask(load(lanes + --right * kChunk), limit);
    *spans++ = {static_cast<int32_t>(left * kChunk) + std::countr_zero(first),
                static_cast<int32_t>(right * kChunk) + 63 - std::countl_zero(last)};
  }
}

CAMSWEEP_AVX512 void squares(const uint8_t* upper, const uint8_t* lower, size_t chunks, uint8_t* third,
                             uint8_t* least) {
  for (size_t x = 0; x < chunks * kChunk; x += kChunk) {
    const __m512i a = load(upper + x - 1), b = load(upper + x), c = load(lower + x - 1), d = load(lower + x);
    const __m512i upper_low = _mm512_min_epu8(a, b), lower_low = _mm512_min_epu8(c, d);
    const __m512i highs = _mm512_min_epu8(_mm512_max_epu8(a, b), _mm512_max_epu8(c, d));
    _mm512_storeu_si512(third + x, _mm512_min_epu8(_mm512_max_epu8(upper_low, lower_low), highs));
    _mm512_storeu_si512(least + x, _mm512_min_epu8(upper_low, lower_low));
  }
}

#undef CAMSWEEP_AVX512

}  // namespace

const ByteKernels kAvx512Kernels = {turns, first_not_above, raise, raise_range, spans, squares};

}  // namespace camsweep
#endif

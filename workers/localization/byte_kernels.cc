#include "workers/localization/byte_kernels.h"

#include <algorithm>

#include "schemas/error.h"
#include "workers/localization/byte_kernels_x86.h"

namespace camsweep {
namespace {

void turns(const uint8_t* row, size_t chunks, uint64_t* rises, uint64_t* falls) {
  for (size_t c = 0; c < chunks; ++c, row += kChunk) {
    uint64_t up = 0;
    uint64_t down = 0;
    for (size_t i = 0; i < kChunk; ++i) {
      up |= uint64_t{row[i] > *(row + i - 1)} << i;
      down |= uint64_t{row[i] < *(row + i - 1)} << i;
    }
    rises[c] = up;
    falls[c] = down;
  }
}

int first_not_above(const uint8_t* a, const uint8_t* b, int count) {
  int i = 0;
  while (i < count && a[i] > b[i]) ++i;
  return i;
}

void raise(uint8_t* lanes, const uint8_t* by, size_t chunks) {
  for (size_t i = 0; i < chunks * kChunk; ++i) lanes[i] = std::max(lanes[i], by[i]);
}

void raise_range(uint8_t* lanes, const uint8_t* by, int count) {
  for (int i = 0; i < count; ++i) lanes[i] = std::max(lanes[i], by[i]);
}

void spans(const uint8_t* lanes, size_t chunks, int low, int high, LaneSpan* spans) {
  int first = 0;
  int last = static_cast<int>(chunks * kChunk) - 1;
  for (int level = low; level <= high; ++level) {  // spans shrink as levels rise
    while (lanes[first] <= level) ++first;
    while (lanes[last] <= level) --last;
    *spans++ = {first, last};
  }
}

void squares(const uint8_t* upper, const uint8_t* lower, size_t chunks, uint8_t* third, uint8_t* least) {
  for (size_t x = 0; x < chunks * kChunk; ++x) {
    const auto [upper_low, upper_high] = std::minmax(*(upper + x - 1), upper[x]);
    const auto [lower_low, lower_high] = std::minmax(*(lower + x - 1), lower[x]);
    third[x] = std::min(std::max(upper_low, lower_low), std::min(upper_high, lower_high));
    least[x] = std::min(upper_low, lower_low);
  }
}

constexpr ByteKernels kGeneric = {turns, first_not_above, raise, raise_range, spans, squares};

}  // namespace

const ByteKernels& byte_kernels(InstructionSet set) {
#ifdef CAMSWEEP_X86_KERNELS
  if (set == InstructionSet::kAvx512) return kAvx512Kernels;
  if (set == InstructionSet::kAvx2) return kAvx2Kernels;
#endif
  CAMSWEEP_CHECK(set == InstructionSet::kGeneric, "a set that is asked for is there");
  return kGeneric;
}

const ByteKernels& byte_kernels() {
  static const ByteKernels& kernels = byte_kernels(chosen_instruction_set());
  return kernels;
}

}  // namespace camsweep

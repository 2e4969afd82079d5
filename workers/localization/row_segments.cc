#include "workers/localization/row_segments.h"

#include <bit>

namespace camsweep {
namespace {

// A row has at most one segment for two pixels, and one more; slots for what is written ahead.
size_t most_segments(const PaddedMap& map) { return static_cast<size_t>(map.width()) / 2 + 4; }

// Calls visit(bit, true) for the bits that are set. Most words have two or fewer: two are visited in any case, those
// beyond the last with false, because a branch that is foreseen badly costs more.
template <typename Visit>
void for_each_bit(uint64_t bits, const Visit& visit) {
  for (int i = 0; i < 2; ++i) {
    visit(std::countr_zero(bits), bits != 0);
    bits &= bits - 1;
  }
  for (; bits != 0; bits &= bits - 1) visit(std::countr_zero(bits), true);
}

}  // namespace

RowSegments::RowSegments(const PaddedMap& map, const SweepWorkspace& workspace)
    : segments_(workspace.arena), starts_(static_cast<size_t>(map.height()) + 1, workspace.arena) {
  ArenaVector<uint64_t> rises(map.chunks(), workspace.arena);
  ArenaVector<uint64_t> falls(map.chunks(), workspace.arena);
  constexpr size_t kUsual = 8;  // per row
  segments_.resize(static_cast<size_t>(map.height()) * kUsual);
  size_t end = 1;
  for (int y = 0; y < map.height(); ++y) {
    starts_[static_cast<size_t>(y)] = end;
    if (segments_.size() < end + most_segments(map)) segments_.resize(2 * end + most_segments(map));
    workspace.kernels.turns(map.row(y), map.chunks(), rises.data(), falls.data());
    RowSegment* segment = &segments_[end];
    RowSegment* cut = segment;
    segment->first = 0;
    bool falling = false;  // the last change of level before the word
    for (size_t word = 0; word < map.chunks(); ++word) {
      // Whether the last change before a pixel was a fall runs through equal levels as a carry runs through a sum: a
      // fall sets it, a rise clears it.
      const uint64_t not_rising = ~rises[word];
      const uint64_t partial = not_rising + falls[word];
      const uint64_t sum = partial + (falling ? 1 : 0);
      const uint64_t was_falling = sum ^ not_rising ^ falls[word];
      falling = partial < not_rising || sum < partial;
      const auto base = static_cast<int>(word * kChunk);
      for_each_bit(falls[word] & ~was_falling, [&](int bit, bool is_set) {
        segment->peak_at = static_cast<uint16_t>(base + bit - 1);
        segment += is_set;
      });
      for_each_bit(rises[word] & was_falling, [&](int bit, bool is_set) {
        cut->last = static_cast<uint16_t>(base + bit - 1);
        (cut + 1)->first = static_cast<uint16_t>(base + bit);
        cut += is_set;
      });
    }
    cut->last = static_cast<uint16_t>(map.width() - 1);
    for (RowSegment* s = &segments_[end]; s < segment; ++s) s->peak = map.row(y)[s->peak_at];
    end = static_cast<size_t>(segment - segments_.data());
  }
  starts_.back() = end;
  segments_.resize(end);
}

}  // namespace camsweep

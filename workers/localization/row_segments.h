#pragma once

#include <cstdint>

#include "workers/localization/padded_map.h"

namespace camsweep {

// Part of a row whose levels rise (or stay) to a peak and fall (or stay) after it: above any level it is one run of
// pixels or none.
struct RowSegment {
  uint16_t first = 0;
  uint16_t last = 0;
  uint16_t peak_at = 0;  // the last pixel with the level `peak`
  uint8_t peak = 0;
};

// The rows of a map cut at their valleys into segments; a row of zeros has none. Numbers of segments start at 1.
class RowSegments {
 public:
  RowSegments(const PaddedMap& map, const SweepWorkspace& workspace);

  size_t size() const { return segments_.size(); }
  const RowSegment& operator[](size_t segment) const { return segments_[segment]; }
  size_t begin_of_row(int y) const { return starts_[static_cast<size_t>(y)]; }
  size_t end_of_row(int y) const { return starts_[static_cast<size_t>(y) + 1]; }

 private:
  ArenaVector<RowSegment> segments_;  // entry 0 is none
  ArenaVector<size_t> starts_;
};

}  // namespace camsweep

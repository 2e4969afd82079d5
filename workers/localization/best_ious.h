#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/level_sweep.h"

namespace camsweep {

// The largest IoU with any truth of the boxes added so far, per level. Kept as a fraction of whole numbers: dividing is
// slow, and order survives rounding.
class BestIous {
 public:
  explicit BestIous(const std::vector<Box>& truths);

  void add(int level, const Box& box);

  // Whether a box inside `outer` could be better at some level from low to high: it shares no more with a truth than
  // `outer` does, and the union is no smaller than the truth.
  bool may_improve(int low, int high, const Box& outer) const;

  IouPerLevel values() const;

 private:
  bool is_better(int64_t common, int64_t covered, int level) const {
    return common * unions_[static_cast<size_t>(level)] > commons_[static_cast<size_t>(level)] * covered;
  }

  const std::vector<Box>& truths_;
  std::vector<int64_t> areas_;
  std::array<int64_t, 256> commons_{};
  std::array<int64_t, 256> unions_;
};

}  // namespace camsweep

#include "workers/localization/best_ious.h"

#include <algorithm>

#include "workers/localization/box_geometry.h"

namespace camsweep {
BestIous::BestIous(const std::vector<Box>& truths) : truths_(truths) {
  for (const Box& truth : truths) areas_.push_back(area(truth));
  unions_.fill(1);
}

void BestIous::add(int level, const Box& box) {
  for (size_t i = 0; i < truths_.size(); ++i) {
    const int64_t common = common_area(box, truths_[i]);
    const int64_t covered = area(box) + areas_[i] - common;
    if (!is_better(common, covered, level)) continue;
    commons_[static_cast<size_t>(level)] = common;
    unions_[static_cast<size_t>(level)] = covered;
  }
}

bool BestIous::may_improve(int low, int high, const Box& outer) const {
  for (size_t i = 0; i < truths_.size(); ++i) {
    const int64_t common = common_area(outer, truths_[i]);
    for (int level = low; level <= high; ++level) {
      if (is_better(common, areas_[i], level)) return true;
    }
  }
  return false;
}

IouPerLevel BestIous::values() const {
  IouPerLevel values;
  std::transform(
      commons_.begin(), commons_.end(), unions_.begin(), values.begin(),
      [](int64_t common, int64_t covered) { return static_cast<double>(common) / static_cast<double>(covered); });
  return values;
}

}  // namespace camsweep

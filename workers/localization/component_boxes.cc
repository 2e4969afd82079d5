#include "workers/localization/component_boxes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace camsweep {
namespace {

constexpr int kLevels = 256;

int threshold_of(int level, Outline outline) { return outline == Outline::kHole ? kLevels - 2 - level : level; }

// Boxes change with every level, but components do so only where they meet: what lies between two merges is looked up
// in one go, and not at all where none of it can be the best of its level.
class BoxSweep {
 public:
  BoxSweep(const PaddedMap& map, const ComponentTree& tree, Outline outline, const SweepWorkspace& workspace,
           BestIous& best)
      : map_(map),
        tree_(tree),
        outline_(outline),
        profiles_(map, tree, workspace),
        highest_(tree.basins(), kNone, workspace.arena),
        best_(best) {
    for (size_t basin = 1; basin < tree.basins(); ++basin) highest_[basin] = tree.peak(basin) - 1;
  }

  void run() {
    for (const ComponentTree::Merge& merge : tree_.merges()) {
      add(static_cast<size_t>(merge.kept), merge.level);
      add(static_cast<size_t>(merge.gone), merge.level);
      highest_[static_cast<size_t>(merge.gone)] = kNone;
      profiles_.merge(merge);
    }
    for (size_t basin = 1; basin < tree_.basins(); ++basin) add(basin, 0);
  }

 private:
  static constexpr int kNone = -1;

  // What the component was from its peak, or its last merge, down to `low`.
  void add(size_t component, int low) {
    if (component == 0) return;
    const int high = std::exchange(highest_[component], low - 1);
    if (high < low) return;
    look_up(component, low, low);
    const auto [first, last] = std::minmax({threshold_of(low, outline_), threshold_of(high, outline_)});
    if (!best_.may_improve(first, last, box(0))) return;
    if (high > low) look_up(component, low, high);
    for (int level = low; level <= high; ++level) best_.add(threshold_of(level, outline_), box(level - low));
  }

  void look_up(size_t component, int low, int high) {
    profiles_.columns(component, low, high, columns_.data());
    profiles_.rows(component, low, high, rows_.data());
  }

  Box box(int i) const {
    const auto at = static_cast<size_t>(i);
    return outline_box(columns_[at], rows_[at], outline_, map_);
  }

  const PaddedMap& map_;
  const ComponentTree& tree_;
  Outline outline_;
  ComponentProfiles profiles_;
  ArenaVector<int> highest_;  // level that is not added yet
  BestIous& best_;
  std::array<LaneSpan, kLevels> columns_;
  std::array<LaneSpan, kLevels> rows_;
};

}  // namespace

Box outline_box(LaneSpan columns, LaneSpan rows, Outline outline, const PaddedMap& map) {
  const int grow = outline == Outline::kHole ? 1 : 0;
  return {columns.first - grow, rows.first - grow, std::min(columns.last + grow + 1, map.width() - 1),
          std::min(rows.last + grow + 1, map.height() - 1)};
}

void add_boxes(const PaddedMap& map, const ComponentTree& tree, Outline outline, const SweepWorkspace& workspace,
               BestIous& best) {
  BoxSweep(map, tree, outline, workspace, best).run();
}

}  // namespace camsweep

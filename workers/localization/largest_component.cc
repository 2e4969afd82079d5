#include "workers/localization/largest_component.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "workers/localization/component_areas.h"
#include "workers/localization/component_profiles.h"

namespace camsweep {
namespace {

using Merge = ComponentTree::Merge;
constexpr int kLevels = 256;

// The lowest level that has more than one component, if any: only from there on do areas matter.
int lowest_with_several(const ComponentTree& tree) {
  std::array<int, kLevels> begun{};  // less those that have ended, by level
  for (size_t basin = 1; basin < tree.basins(); ++basin) ++begun[tree.peak(basin) - 1u];
  for (const Merge& merge : tree.merges()) --begun[merge.level - 1u];
  int lowest = kLevels;
  int live = 0;
  for (int t = kLevels - 1; t >= 0; --t) {
    live += begun[static_cast<size_t>(t)];
    if (live > 1) lowest = t;
  }
  return lowest;
}

bool has_level(const PaddedMap& map, int level) {
  for (int y = 0; y < map.height(); ++y) {
    if (std::memchr(map.row(y), level, static_cast<size_t>(map.width()))) return true;
  }
  return false;
}

// The components of one level after the other, from the highest.
class LiveComponents {
 public:
  LiveComponents(const PaddedMap& map, const ComponentTree& tree, const SweepWorkspace& workspace)
      : map_(map),
        tree_(tree),
        profiles_(map, tree, workspace),
        lowest_(lowest_with_several(tree)),
        areas_(map, tree, lowest_, workspace),
        parents_(tree.basins(), workspace.arena),
        places_(tree.basins(), workspace.arena),
        by_peak_(tree.basins() - 1, workspace.arena),
        live_(workspace.arena) {
    std::iota(parents_.begin(), parents_.end(), size_t{0});
    std::iota(by_peak_.begin(), by_peak_.end(), size_t{1});
    std::sort(by_peak_.begin(), by_peak_.end(), [&tree](size_t a, size_t b) { return tree.peak(a) > tree.peak(b); });
    live_.reserve(tree.basins());
  }

  // The components above t from those above t + 1.
  void fall_to(int t) {
    for (; born_ < by_peak_.size() && tree_.peak(by_peak_[born_]) == t + 1; ++born_) {
      places_[by_peak_[born_]] = live_.size();
      live_.push_back(by_peak_[born_]);
    }
    const auto& merges = tree_.merges();
    for (; merged_ < merges.size() && merges[merged_].level == t + 1; ++merged_) merge(merges[merged_]);
    if (t < lowest_) return;
    for (const size_t component : live_) areas_.add_level(component, t + 1);
  }

  size_t count() const { return live_.size(); }

  size_t largest(int t) const {
    size_t best = live_.front();
    for (const size_t other : live_) {
      const int64_t more = areas_.twice_area(other) - areas_.twice_area(best);
      if (more > 0 || (more == 0 && other != best && first_pixel(other, t) > first_pixel(best, t))) best = other;
    }
    return best;
  }

  Box box(size_t component, int t) const {
    LaneSpan columns;
    LaneSpan rows;
    profiles_.columns(component, t, t, &columns);
    profiles_.rows(component, t, t, &rows);
    return {columns.first, rows.first, columns.last, rows.last};
  }

 private:
  void merge(const Merge& merge) {
    profiles_.merge(merge);
    areas_.merge(merge);
    const auto gone = static_cast<size_t>(merge.gone);
    parents_[gone] = static_cast<size_t>(merge.kept);
    const size_t moved = live_.back();
    live_[places_[gone]] = moved;
    places_[moved] = places_[gone];
    live_.pop_back();
  }

  // Raster index.
  int64_t first_pixel(size_t component, int t) const {
    LaneSpan rows;
    profiles_.rows(component, t, t, &rows);
    const uint8_t* const row = map_.row(rows.first);
    size_t s = tree_.segments().begin_of_row(rows.first);
    while (tree_.segments()[s].peak <= t || component_of(tree_.basin_of(s)) != component) ++s;
    int x = tree_.segments()[s].first;
    while (row[x] <= t) ++x;
    return int64_t{rows.first} * map_.width() + x;
  }

  size_t component_of(size_t basin) const {
    while (parents_[basin] != basin) basin = parents_[basin];
    return basin;
  }

  const PaddedMap& map_;
  const ComponentTree& tree_;
  ComponentProfiles profiles_;
  int lowest_;
  ComponentAreas areas_;
  ArenaVector<size_t> parents_;  // what a component was merged into, or itself
  ArenaVector<size_t> places_;   // in live_
  ArenaVector<size_t> by_peak_;  // basins, the highest first
  ArenaVector<size_t> live_;
  size_t born_ = 0;    // in by_peak_
  size_t merged_ = 0;  // in the tree's merges
};

}  // namespace

std::array<Box, kLevels> largest_components(const PaddedMap& map, const SweepWorkspace& workspace) {
  const ComponentTree tree(map, Connectivity::kEight, workspace);
  LiveComponents components(map, tree, workspace);
  std::array<Box, kLevels> boxes{};
  size_t best = 0;
  for (int t = kLevels - 2; t >= 0; --t) {
    components.fall_to(t);
    if (components.count() == 0) continue;
    // Without a pixel between both levels the largest one is that of the level above.
    if (best == 0 || components.count() == 1 || has_level(map, t + 1)) best = components.largest(t);
    boxes[static_cast<size_t>(t)] = components.box(best, t);
  }
  return boxes;
}

}  // namespace camsweep

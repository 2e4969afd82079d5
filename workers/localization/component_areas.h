#pragma once

#include <cstdint>

#include "workers/localization/component_tree.h"

namespace camsweep {

// Twice the area of the polygon through the pixel centres of components without holes, level by level: 1 for each 2 x 2
// square with three of a component's pixels, 2 for each with four (Pick's theorem by squares). A square counts above a
// level as soon as its third largest pixel does, and once more with its least, so an area grows by the number of these
// values at each level.
class ComponentAreas {
 public:
  // Of a map without holes. Areas are right from level `lowest` on.
  ComponentAreas(const PaddedMap& map, const ComponentTree& tree, int lowest, const SweepWorkspace& workspace);

  // Levels fall: merges of a level come before its pixels.
  void merge(const ComponentTree::Merge& merge);
  void add_level(size_t component, int level) {
    twice_areas_[component] += counts_[starts_[component] + static_cast<size_t>(level)];
  }

  int64_t twice_area(size_t component) const { return twice_areas_[component]; }

 private:
  void count(const PaddedMap& map, const ComponentTree& tree, int lowest, const SweepWorkspace& workspace);

  ArenaVector<size_t> starts_;
  ArenaVector<uint32_t> counts_;  // per component and level up to its peak
  ArenaVector<int64_t> twice_areas_;
};

}  // namespace camsweep

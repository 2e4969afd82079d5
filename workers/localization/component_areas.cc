#include "workers/localization/component_areas.h"

#include <algorithm>

namespace camsweep {

ComponentAreas::ComponentAreas(const PaddedMap& map, const ComponentTree& tree, int lowest,
                               const SweepWorkspace& workspace)
    : starts_(tree.basins() + 1, workspace.arena),
      counts_(workspace.arena),
      twice_areas_(tree.basins(), workspace.arena) {
  for (size_t basin = 1; basin < tree.basins(); ++basin) starts_[basin + 1] = starts_[basin] + tree.peak(basin) + 1u;
  counts_.resize(starts_.back());
  count(map, tree, lowest, workspace);
}

void ComponentAreas::count(const PaddedMap& map, const ComponentTree& tree, int lowest,
                           const SweepWorkspace& workspace) {
  const RowSegments& segments = tree.segments();
  ArenaVector<uint8_t> third(map.chunks() * kChunk, workspace.arena);
  ArenaVector<uint8_t> least(map.chunks() * kChunk, workspace.arena);
  for (int y = 0; y + 1 < map.height(); ++y) {
    workspace.kernels.squares(map.row(y), map.row(y + 1), map.chunks(), third.data(), least.data());
    for (size_t s = segments.begin_of_row(y); s < segments.end_of_row(y); ++s) {
      const RowSegment& segment = segments[s];
      if (segment.peak <= lowest) continue;
      uint32_t* const counts = counts_.data() + starts_[tree.basin_of(s)];
      // Three pixels of a square include one of its upper two; where these are in two segments, the right one is
      // higher.
      for (size_t x = std::max<size_t>(segment.first, 1); x <= segment.last; ++x) {
        ++counts[third[x]];
        ++counts[least[x]];
      }
    }
  }
}

void ComponentAreas::merge(const ComponentTree::Merge& merge) {
  const auto kept = static_cast<size_t>(merge.kept);
  const auto gone = static_cast<size_t>(merge.gone);
  twice_areas_[kept] += twice_areas_[gone];
  uint32_t* const into = counts_.data() + starts_[kept];
  const uint32_t* const from = counts_.data() + starts_[gone];
  for (int level = 0; level <= merge.level; ++level) into[level] += from[level];
}

}  // namespace camsweep

#include "workers/localization/filled_map.h"

#include <algorithm>

namespace camsweep {
namespace {

// The inverted map's level at which each basin is joined to the outside. From the last merge back: what a basin was
// merged into is joined at a known level, unless it is the outside itself.
ArenaVector<uint8_t> outside_levels(const ComponentTree& background, const SweepWorkspace& workspace) {
  ArenaVector<uint8_t> levels(background.basins(), 0, workspace.arena);
  const auto& merges = background.merges();
  for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge) {
    const auto kept = static_cast<size_t>(merge->kept);
    levels[static_cast<size_t>(merge->gone)] = kept == 0 ? merge->level : levels[kept];
  }
  return levels;
}

}  // namespace

PaddedMap filled_map(const PaddedMap& map, const ComponentTree& background, const SweepWorkspace& workspace) {
  PaddedMap result = map.copy();
  const ArenaVector<uint8_t> outside = outside_levels(background, workspace);
  const RowSegments& segments = background.segments();
  for (int y = 0; y < map.height(); ++y) {
    for (size_t s = segments.begin_of_row(y); s < segments.end_of_row(y); ++s) {
      const size_t basin = background.basin_of(s);
      if (basin == 0 || segments[s].peak <= outside[basin]) continue;
      const auto level = static_cast<uint8_t>(255 - outside[basin]);
      uint8_t* const row = result.row(y);
      for (int x = segments[s].first; x <= segments[s].last; ++x) row[x] = std::max(row[x], level);
    }
  }
  return result;
}

}  // namespace camsweep

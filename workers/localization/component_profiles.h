#pragma once

#include <cstdint>

#include "workers/localization/component_tree.h"

namespace camsweep {

// The highest level of a component in each column and in each row: the box of its pixels above a level is then the
// first and last lane above it. Components by the names that merges give them, followed by calls of merge() in order.
class ComponentProfiles {
 public:
  // Of the basins, basin 0 left out.
  ComponentProfiles(const PaddedMap& map, const ComponentTree& tree, const SweepWorkspace& workspace);

  void merge(const ComponentTree::Merge& merge);

  // Columns, or rows, that the component has above each level from low to high, which is below its peak.
  void columns(size_t component, int low, int high, LaneSpan* spans) const;
  void rows(size_t component, int low, int high, LaneSpan* spans) const;

 private:
  // Some lanes of one component, in whole chunks.
  struct Lanes {
    int32_t first = 0;  // chunk
    int32_t last = -1;
    size_t offset = 0;  // of the first in bytes_

    void include(int first_chunk, int last_chunk);
    size_t bytes() const { return static_cast<size_t>(last - first + 1) * kChunk; }
  };
  struct Profile {
    Lanes columns;
    Lanes rows;
  };

  uint8_t* at(const Lanes& lanes, int lane) {
    return bytes_.data() + lanes.offset + (static_cast<size_t>(lane) - static_cast<size_t>(lanes.first) * kChunk);
  }
  void raise(const Lanes& lanes, const Lanes& by);
  void find(const Lanes& lanes, int low, int high, LaneSpan* spans) const;
  void place();
  void fill(const PaddedMap& map, const ComponentTree& tree);

  const ByteKernels& kernels_;
  ArenaVector<Profile> profiles_;
  ArenaVector<uint8_t> bytes_;
};

}  // namespace camsweep

#pragma once

#include <cstdint>

#include "workers/localization/padded_map.h"
#include "workers/localization/row_segments.h"

namespace camsweep {

// Which neighbours of a pixel belong to its component: those that share an edge, or a corner as well.
enum class Connectivity { kFour, kEight };

// The max-tree of a map, in short: the components of {level > t} for falling t. A basin is a peak with the segments
// that hang on it: each of them is connected to it at every level at which the segment has pixels. Components grow by
// their pixels alone until two of them meet in a merge.
//
// With kFour what lies outside the map belongs to every component: it is basin 0, and a component that is joined to it
// reaches the border. With kEight basin 0 is empty.
class ComponentTree {
 public:
  ComponentTree(const PaddedMap& map, Connectivity connectivity, const SweepWorkspace& workspace);

  // For t < level the components of both basins are one, which goes by the name `kept` (0 is always kept).
  struct Merge {
    int32_t kept = 0;
    int32_t gone = 0;
    uint8_t level = 0;
  };

  const RowSegments& segments() const { return segments_; }
  size_t basin_of(size_t segment) const { return static_cast<size_t>(basin_of_[segment]); }
  size_t basins() const { return peaks_.size(); }
  uint8_t peak(size_t basin) const { return peaks_[basin]; }
  const ArenaVector<Merge>& merges() const { return merges_; }  // by falling level

 private:
  struct Join {
    int32_t a = 0;
    int32_t b = 0;
    uint8_t level = 0;
  };

  template <int reach>
  void join_rows(const PaddedMap& map, int y, const SweepWorkspace& workspace);
  void join_within_row(const PaddedMap& map, int y);
  void join_outside(const PaddedMap& map);
  void join(size_t a, size_t b, int level);
  bool hang(size_t segment, size_t on, int level);
  void number_basins();
  void merge_basins();

  RowSegments segments_;
  ArenaVector<int32_t> parents_;  // per segment one that it hangs on, or itself
  ArenaVector<int32_t> basin_of_;
  ArenaVector<uint8_t> peaks_;
  ArenaVector<Join> joins_;
  ArenaVector<Merge> merges_;
};

}  // namespace camsweep

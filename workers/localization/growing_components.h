#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "workers/localization/neighbour_joins.h"

namespace camsweep {

struct Pixel {
  int16_t y = 0;
  int16_t x = 0;
};

// The pixels of one component: the corners of their box, both inside it.
struct Component {
  int16_t x0 = 0;
  int16_t y0 = 0;
  int16_t x1 = 0;
  int16_t y1 = 0;
  int32_t first_pixel = 0;  // grows in raster order; no index of the map
  int32_t twice_area = 0;   // of the polygon through pixel centres, if the component has no hole; kEight only
  int16_t since = 0;        // the level at which it became so
};

// The components of a set of pixels that grows level by level: union-find over the components (there are far fewer than
// pixels). The neighbours of a pixel lie in a ring, so a table of 256 entries knows which of them are connected
// already: most pixels need one look-up and no union.
//
// `ended(component, level)` is called when a component is about to change at `level`: what it is told held from
// component.since on, up to the level before. So it is called once for each component and level at most.
template <Connectivity connectivity>
class GrowingComponents {
 public:
  GrowingComponents(int height, int width)
      : stride_(width + 2), labels_(static_cast<size_t>(height + 2) * static_cast<size_t>(stride_), kUnset) {
    for (size_t i = 0; i < 8; ++i) {
      const auto [y, x] = kRing[i];
      ring_[i] = y * stride_ + x;
    }
  }

  // Adds pixels that are not set yet.
  template <typename Ended>
  void add(int level, std::span<const Pixel> pixels, const Ended& ended) {
    for (const Pixel pixel : pixels) add(static_cast<int16_t>(level), pixel, ended);
  }

  // Tells what held up to the level before `level` of all components there are.
  template <typename Ended>
  void finish(int level, const Ended& ended) const {
    for (size_t i = 0; i < components_.size(); ++i) {
      if (parents_[i] == static_cast<int32_t>(i)) ended(components_[i], level);
    }
  }

 private:
  static constexpr int32_t kUnset = -1;
  static constexpr std::array<Joins, 256> kJoins = joins_table<connectivity>();

  template <typename Ended>
  void add(int16_t level, Pixel pixel, const Ended& ended) {
    // The grid has a frame of one pixel that is never set, so that every pixel has eight neighbours.
    const int node = (pixel.y + 1) * stride_ + pixel.x + 1;
    int32_t* const label = &labels_[static_cast<size_t>(node)];
    size_t set = 0;
    for (size_t i = 0; i < 8; ++i) set |= static_cast<size_t>(label[ring_[i]] != kUnset) << i;
    const Joins& joins = kJoins[set];
    if (joins.count == 0) {
      *label = static_cast<int32_t>(components_.size());
      parents_.push_back(*label);
      components_.push_back({pixel.x, pixel.y, pixel.x, pixel.y, node, 0, level});
      return;
    }
    int32_t kept = root_of(label[ring_[joins.at[0]]]);
    touch(kept, level, ended);
    for (size_t i = 1; i < joins.count; ++i) kept = unite(kept, root_of(label[ring_[joins.at[i]]]), level, ended);
    *label = kept;
    Component& component = components_[static_cast<size_t>(kept)];
    component.x0 = std::min(component.x0, pixel.x);
    component.y0 = std::min(component.y0, pixel.y);
    component.x1 = std::max(component.x1, pixel.x);
    component.y1 = std::max(component.y1, pixel.y);
    component.first_pixel = std::min(component.first_pixel, node);
    component.twice_area += joins.half_squares;
  }

  template <typename Ended>
  void touch(int32_t label, int16_t level, const Ended& ended) {
    Component& component = components_[static_cast<size_t>(label)];
    if (component.since == level) return;
    ended(std::as_const(component), level);
    component.since = level;
  }

  // The component a pixel now belongs to; its label learns it.
  int32_t root_of(int32_t& label) {
    int32_t root = label;
    while (parents_[static_cast<size_t>(root)] != root) {
      int32_t& parent = parents_[static_cast<size_t>(root)];
      parent = parents_[static_cast<size_t>(parent)];  // path halving
      root = parent;
    }
    return label = root;
  }

  template <typename Ended>
  int32_t unite(int32_t a, int32_t b, int16_t level, const Ended& ended) {
    if (a == b) return a;
    touch(b, level, ended);
    if (a > b) std::swap(a, b);
    parents_[static_cast<size_t>(b)] = a;
    Component& kept = components_[static_cast<size_t>(a)];
    const Component& gone = components_[static_cast<size_t>(b)];
    kept.x0 = std::min(kept.x0, gone.x0);
    kept.y0 = std::min(kept.y0, gone.y0);
    kept.x1 = std::max(kept.x1, gone.x1);
    kept.y1 = std::max(kept.y1, gone.y1);
    kept.first_pixel = std::min(kept.first_pixel, gone.first_pixel);
    kept.twice_area += gone.twice_area;
    return a;
  }

  int stride_;
  std::array<int, 8> ring_{};    // offsets of the neighbours
  std::vector<int32_t> labels_;  // per pixel of the framed grid: its component, or one that was united with it
  std::vector<int32_t> parents_;
  std::vector<Component> components_;
};

}  // namespace camsweep

#include "workers/localization/level_sweep.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "workers/localization/box_geometry.h"
#include "workers/localization/growing_components.h"
#include "workers/localization/range_max.h"

namespace camsweep {
namespace {

constexpr int kLevels = 256;

// Pixels by level, in raster order within one (counting sort).
class PixelsByLevel {
 public:
  PixelsByLevel(const std::vector<uint8_t>& levels, int width) : order_(levels.size()) {
    for (const uint8_t level : levels) ++starts_[static_cast<size_t>(level) + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    std::array<size_t, kLevels + 1> next = starts_;
    Pixel pixel;
    for (const uint8_t level : levels) {
      order_[next[level]++] = pixel;
      if (++pixel.x == width) pixel = {static_cast<int16_t>(pixel.y + 1), 0};
    }
  }
  std::span<const Pixel> at(int level) const {
    const size_t first = starts_[static_cast<size_t>(level)];
    return {order_.data() + first, starts_[static_cast<size_t>(level) + 1] - first};
  }

 private:
  std::array<size_t, kLevels + 1> starts_{};
  std::vector<Pixel> order_;
};

// For each pixel the lowest level at which a 4-connected path of background leads from it to the border: the map with
// its holes filled. A flood from the border, lowest level first.
class HoleFiller {
 public:
  explicit HoleFiller(const LevelMap& map)
      : stride_(map.width + 2),
        levels_(static_cast<size_t>(map.height + 2) * static_cast<size_t>(stride_)),
        seen_(levels_.size(), true),
        next_(levels_.size()) {
    stacks_.fill(kNone);
    for (int y = 0; y < map.height; ++y) {
      const auto row = static_cast<std::ptrdiff_t>(y) * map.width;
      std::copy_n(map.levels.begin() + row, map.width, levels_.begin() + node(y, 0));
      std::fill_n(seen_.begin() + node(y, 0), map.width, uint8_t{false});
    }
    for (int x = 0; x < map.width; ++x) reach(node(0, x), 0), reach(node(map.height - 1, x), 0);
    for (int y = 0; y < map.height; ++y) reach(node(y, 0), 0), reach(node(y, map.width - 1), 0);
    flood();
  }

  std::vector<uint8_t> filled(const LevelMap& map) const {
    std::vector<uint8_t> result(map.levels.size());
    for (int y = 0; y < map.height; ++y) {
      const auto row = static_cast<std::ptrdiff_t>(y) * map.width;
      std::copy_n(levels_.begin() + node(y, 0), map.width, result.begin() + row);
    }
    return result;
  }

 private:
  static constexpr int kNone = -1;

  int node(int y, int x) const { return (y + 1) * stride_ + x + 1; }

  void reach(int node, uint8_t level) {
    const auto i = static_cast<size_t>(node);
    if (seen_[i]) return;
    seen_[i] = true;
    levels_[i] = std::max(levels_[i], level);
    next_[i] = std::exchange(stacks_[levels_[i]], node);
  }

  void flood() {
    for (size_t level = 0; level < kLevels; ++level) {
      while (stacks_[level] != kNone) {
        const int node = std::exchange(stacks_[level], next_[static_cast<size_t>(stacks_[level])]);
        for (const int offset : {-stride_, -1, 1, stride_}) reach(node + offset, static_cast<uint8_t>(level));
      }
    }
  }

  int stride_;
  std::vector<uint8_t> levels_;  // with a frame of one pixel that counts as seen
  std::vector<uint8_t> seen_;
  std::vector<int> next_;              // below a pixel on its stack
  std::array<int, kLevels> stacks_{};  // pixels reached and not yet left, by filled level
};

// The box 7.4 draws: the right and lower edge one past the last pixel, inside the frame. `grow` is 1 for a hole, whose
// outline runs on the pixels around it.
Box outline_box(const Component& c, int grow, const LevelMap& map) {
  return {c.x0 - grow, c.y0 - grow, std::min(c.x1 + grow + 1, map.width - 1),
          std::min(c.y1 + grow + 1, map.height - 1)};
}

// Falling levels: a component's state holds from `since` down to the level above the one that ends it.
IouPerLevel best_of_components(const PixelsByLevel& pixels, const LevelMap& map, const std::vector<Box>& truths) {
  RangeMax<double> best;
  GrowingComponents<Connectivity::kEight> set(map.height, map.width);
  const auto ended = [&](const Component& c, int level) {
    best.raise(level + 1, c.since, best_iou(outline_box(c, 0, map), truths));
  };
  for (int t = kLevels - 2; t >= 0; --t) set.add(t, pixels.at(t + 1), ended);
  set.finish(-1, ended);
  return best.values();
}

// Rising levels.
IouPerLevel best_of_holes(const PixelsByLevel& pixels, const LevelMap& map, const std::vector<Box>& truths) {
  RangeMax<double> best;
  GrowingComponents<Connectivity::kFour> set(map.height, map.width);
  const auto ended = [&](const Component& c, int level) {
    const bool at_border = c.x0 == 0 || c.y0 == 0 || c.x1 == map.width - 1 || c.y1 == map.height - 1;
    if (!at_border) best.raise(c.since, level - 1, best_iou(outline_box(c, 1, map), truths));
  };
  for (int t = 0; t < kLevels - 1; ++t) set.add(t, pixels.at(t), ended);
  set.finish(kLevels - 1, ended);
  return best.values();
}

// Ordered as candidates for the largest contour: by area, then by first pixel.
struct Candidate {
  int64_t rank = -1;
  std::array<int16_t, 4> box{};
  bool operator<(const Candidate& other) const { return rank < other.rank; }
};

void set_by_largest(IouPerLevel& single, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(HoleFiller(map).filled(map), map.width);
  RangeMax<Candidate> largest;
  GrowingComponents<Connectivity::kEight> set(map.height, map.width);
  const auto ended = [&](const Component& c, int level) {
    largest.raise(level + 1, c.since, {(int64_t{c.twice_area} << 32) + c.first_pixel, {c.x0, c.y0, c.x1, c.y1}});
  };
  for (int t = kLevels - 2; t >= 0; --t) set.add(t, pixels.at(t + 1), ended);
  set.finish(-1, ended);
  const std::array<Candidate, kLevels> found = largest.values();
  for (size_t t = 0; t < kLevels; ++t) {
    const auto [x0, y0, x1, y1] = found[t].box;
    if (found[t].rank >= 0) single[t] = best_iou(outline_box({x0, y0, x1, y1}, 0, map), truths);
  }
}

}  // namespace

LevelIous level_ious(const LevelMap& map, const std::vector<Box>& truths) {
  LevelIous result;
  const PixelsByLevel pixels(map.levels, map.width);
  const IouPerLevel components = best_of_components(pixels, map, truths);
  const IouPerLevel holes = best_of_holes(pixels, map, truths);
  std::transform(components.begin(), components.end(), holes.begin(), result.multi.begin(),
                 [](double a, double b) { return std::max(a, b); });
  set_by_largest(result.single, map, truths);
  const double none = best_iou({}, truths);  // what an empty foreground scores
  std::fill(result.single.begin() + map.max(), result.single.end(), none);
  std::fill(result.multi.begin() + map.max(), result.multi.end(), none);
  return result;
}

}  // namespace camsweep

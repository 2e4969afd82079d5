#include "workers/localization/level_sweep.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "workers/localization/box_geometry.h"

namespace camsweep {
namespace {

constexpr int kLevels = 256;

struct Pixel {
  int16_t y = 0;
  int16_t x = 0;
};

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

enum class Connectivity { kFour, kEight };

struct Component {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  int first_pixel = 0;  // in raster order
  int twice_area = 0;
  bool touches_border = false;
  bool changed = false;  // since its IoU was computed
  double iou = 0;
};

// Components of a growing set of pixels. The grid has a frame of one pixel that is never set, so that every pixel has
// eight neighbours.
class Components {
 public:
  Components(int height, int width, Connectivity connectivity)
      : height_(height),
        width_(width),
        stride_(width + 2),
        connectivity_(connectivity),
        parent_(static_cast<size_t>(height + 2) * static_cast<size_t>(stride_), kUnset),
        components_(parent_.size()) {}

  void add(Pixel pixel) {
    const int node = (pixel.y + 1) * stride_ + pixel.x + 1;
    const bool border = pixel.x == 0 || pixel.y == 0 || pixel.x == width_ - 1 || pixel.y == height_ - 1;
    parent_[static_cast<size_t>(node)] = node;
    // Node numbers grow in raster order: good enough to tell first pixels apart.
    components_[static_cast<size_t>(node)] = {pixel.x, pixel.y, pixel.x, pixel.y, node, 0, border, true, 0};
    live_.push_back(node);
    const bool up = is_set(node - stride_), down = is_set(node + stride_);
    const bool left = is_set(node - 1), right = is_set(node + 1);
    if (up) unite(node, node - stride_);
    if (down) unite(node, node + stride_);
    if (left) unite(node, node - 1);
    if (right) unite(node, node + 1);
    if (connectivity_ == Connectivity::kFour) return;
    add_corner(node, -stride_ - 1, up, left);
    add_corner(node, -stride_ + 1, up, right);
    add_corner(node, stride_ - 1, down, left);
    add_corner(node, stride_ + 1, down, right);
  }

  // Calls see(component) for every component there is.
  template <typename See>
  void for_each(const See& see) {
    const auto dead = [this](int node) { return parent_[static_cast<size_t>(node)] != node; };
    live_.erase(std::remove_if(live_.begin(), live_.end(), dead), live_.end());
    for (const int node : live_) see(components_[static_cast<size_t>(node)]);
  }

 private:
  static constexpr int kUnset = -1;

  bool is_set(int node) const { return parent_[static_cast<size_t>(node)] != kUnset; }

  // The 2 x 2 square of a new pixel, a corner neighbour and the two between them: joins the corner, unless one between
  // has done it, and adds the half-square the new pixel completes (see twice_areas() of contours.cc).
  void add_corner(int node, int offset, bool between, bool other_between) {
    const bool corner = is_set(node + offset);
    if (corner && !between && !other_between) unite(node, node + offset);
    if (corner + between + other_between >= 2) ++components_[static_cast<size_t>(root(node))].twice_area;
  }

  int root(int node) {
    while (parent_[static_cast<size_t>(node)] != node) {
      int& above = parent_[static_cast<size_t>(node)];
      above = parent_[static_cast<size_t>(above)];  // path halving
      node = above;
    }
    return node;
  }

  void unite(int a, int b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    const auto extent = [](const Component& c) { return c.x1 - c.x0 + c.y1 - c.y0; };
    if (extent(components_[static_cast<size_t>(a)]) < extent(components_[static_cast<size_t>(b)])) std::swap(a, b);
    parent_[static_cast<size_t>(b)] = a;
    Component& kept = components_[static_cast<size_t>(a)];
    const Component& gone = components_[static_cast<size_t>(b)];
    kept.x0 = std::min(kept.x0, gone.x0);
    kept.y0 = std::min(kept.y0, gone.y0);
    kept.x1 = std::max(kept.x1, gone.x1);
    kept.y1 = std::max(kept.y1, gone.y1);
    kept.first_pixel = std::min(kept.first_pixel, gone.first_pixel);
    kept.twice_area += gone.twice_area;
    kept.touches_border = kept.touches_border || gone.touches_border;
    kept.changed = true;
  }

  int height_;
  int width_;
  int stride_;
  Connectivity connectivity_;
  std::vector<int> parent_;
  std::vector<Component> components_;
  std::vector<int> live_;  // roots, and some that no longer are
};

// For each pixel the lowest level at which a 4-connected path of background leads from it to the border: the map with
// its holes filled. A flood from the border, lowest level first.
std::vector<uint8_t> filled_levels(const LevelMap& map) {
  std::vector<uint8_t> filled(map.levels.size());
  std::vector<bool> seen(map.levels.size(), false);
  std::array<std::vector<int>, kLevels> queue;
  const auto reach = [&](int y, int x, int level) {
    if (y < 0 || x < 0 || y >= map.height || x >= map.width) return;
    const auto pixel = static_cast<size_t>(y * map.width + x);
    if (seen[pixel]) return;
    seen[pixel] = true;
    filled[pixel] = std::max(map.levels[pixel], static_cast<uint8_t>(level));
    queue[filled[pixel]].push_back(static_cast<int>(pixel));
  };
  for (int x = 0; x < map.width; ++x) reach(0, x, 0), reach(map.height - 1, x, 0);
  for (int y = 0; y < map.height; ++y) reach(y, 0, 0), reach(y, map.width - 1, 0);
  for (int level = 0; level < kLevels; ++level) {
    std::vector<int>& pixels = queue[static_cast<size_t>(level)];
    while (!pixels.empty()) {
      const int y = pixels.back() / map.width;
      const int x = pixels.back() % map.width;
      pixels.pop_back();
      reach(y - 1, x, level);
      reach(y + 1, x, level);
      reach(y, x - 1, level);
      reach(y, x + 1, level);
    }
  }
  return filled;
}

// The box 7.4 draws: the right and lower edge one past the last pixel, inside the frame. `grow` is 1 for a hole, whose
// outline runs on the pixels around it.
double outline_iou(const Component& c, int grow, const LevelMap& map, const std::vector<Box>& truths) {
  return best_iou(
      {c.x0 - grow, c.y0 - grow, std::min(c.x1 + grow + 1, map.width - 1), std::min(c.y1 + grow + 1, map.height - 1)},
      truths);
}

double current_iou(Component& component, int grow, const LevelMap& map, const std::vector<Box>& truths) {
  if (component.changed) component.iou = outline_iou(component, grow, map, truths);
  component.changed = false;
  return component.iou;
}

void raise_by_components(IouPerLevel& best, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(map.levels, map.width);
  Components set(map.height, map.width, Connectivity::kEight);
  for (int t = kLevels - 2; t >= 0; --t) {
    for (const Pixel pixel : pixels.at(t + 1)) set.add(pixel);
    double& entry = best[static_cast<size_t>(t)];
    set.for_each([&](Component& component) { entry = std::max(entry, current_iou(component, 0, map, truths)); });
  }
}

void raise_by_holes(IouPerLevel& best, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(map.levels, map.width);
  Components set(map.height, map.width, Connectivity::kFour);
  for (int t = 0; t < kLevels - 1; ++t) {
    for (const Pixel pixel : pixels.at(t)) set.add(pixel);
    double& entry = best[static_cast<size_t>(t)];
    set.for_each([&](Component& component) {
      if (!component.touches_border) entry = std::max(entry, current_iou(component, 1, map, truths));
    });
  }
}

void set_by_largest(IouPerLevel& best, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(filled_levels(map), map.width);
  Components set(map.height, map.width, Connectivity::kEight);
  for (int t = kLevels - 2; t >= 0; --t) {
    for (const Pixel pixel : pixels.at(t + 1)) set.add(pixel);
    Component* largest = nullptr;
    set.for_each([&largest](Component& component) {
      const bool larger = !largest || component.twice_area > largest->twice_area ||
                          (component.twice_area == largest->twice_area && component.first_pixel > largest->first_pixel);
      if (larger) largest = &component;
    });
    if (largest) best[static_cast<size_t>(t)] = current_iou(*largest, 0, map, truths);
  }
}

}  // namespace

LevelIous level_ious(const LevelMap& map, const std::vector<Box>& truths) {
  LevelIous result;
  const double none = best_iou({}, truths);  // what an empty foreground scores
  const uint8_t top = map.max();
  std::fill(result.single.begin() + top, result.single.end(), none);
  std::fill(result.multi.begin() + top, result.multi.end(), none);
  raise_by_components(result.multi, map, truths);
  raise_by_holes(result.multi, map, truths);
  set_by_largest(result.single, map, truths);
  return result;
}

}  // namespace camsweep

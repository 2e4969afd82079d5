#include "workers/localization/level_sweep.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>

#include "workers/localization/box_geometry.h"

namespace camsweep {
namespace {

constexpr int kLevels = 256;

// Raster indices by level, rising (counting sort).
class PixelsByLevel {
 public:
  explicit PixelsByLevel(const std::vector<uint8_t>& levels) : order_(levels.size()) {
    for (const uint8_t level : levels) ++starts_[static_cast<size_t>(level) + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    std::array<int, kLevels + 1> next = starts_;
    for (size_t pixel = 0; pixel < levels.size(); ++pixel) {
      order_[static_cast<size_t>(next[levels[pixel]]++)] = static_cast<int>(pixel);
    }
  }
  std::span<const int> at(int level) const {
    const int first = starts_[static_cast<size_t>(level)];
    return {order_.data() + first, static_cast<size_t>(starts_[static_cast<size_t>(level) + 1] - first)};
  }

 private:
  std::array<int, kLevels + 1> starts_{};
  std::vector<int> order_;
};

enum class Connectivity { kFour = 4, kEight = 8 };

struct Component {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  int first_pixel = 0;
  int twice_area = 0;
  bool touches_border = false;
  bool changed = false;  // since its IoU was computed
  double iou = 0;
};

// Components of a growing set of pixels.
class Components {
 public:
  Components(int height, int width, Connectivity connectivity)
      : height_(height), width_(width), connectivity_(connectivity), parent_(pixels(), -1), components_(pixels()) {}

  void add(int pixel) {
    const int x = pixel % width_;
    const int y = pixel / width_;
    const bool border = x == 0 || y == 0 || x == width_ - 1 || y == height_ - 1;
    parent_[static_cast<size_t>(pixel)] = pixel;
    components_[static_cast<size_t>(pixel)] = {x, y, x, y, pixel, 0, border, true, 0};
    live_.push_back(pixel);
    for (int k = 0; k < static_cast<int>(connectivity_); ++k) {
      const int nx = x + kDx[k];
      const int ny = y + kDy[k];
      if (is_set(ny, nx)) unite(pixel, ny * width_ + nx);
    }
  }

  // Adds the half-squares that `pixel`, just added, completes: see twice_areas() of contours.cc.
  void add_area(int pixel) {
    const int x = pixel % width_;
    const int y = pixel / width_;
    int gained = 0;
    for (const int dy : {-1, 1}) {
      for (const int dx : {-1, 1}) {
        const int set = 1 + is_set(y, x + dx) + is_set(y + dy, x) + is_set(y + dy, x + dx);
        gained += set >= 3;
      }
    }
    components_[static_cast<size_t>(root(pixel))].twice_area += gained;
  }

  // Calls see(component) for every component there is.
  template <typename See>
  void for_each(const See& see) {
    const auto dead = [this](int pixel) { return parent_[static_cast<size_t>(pixel)] != pixel; };
    live_.erase(std::remove_if(live_.begin(), live_.end(), dead), live_.end());
    for (const int pixel : live_) see(components_[static_cast<size_t>(pixel)]);
  }

 private:
  static constexpr std::array<int, 8> kDx = {1, -1, 0, 0, 1, -1, 1, -1};
  static constexpr std::array<int, 8> kDy = {0, 0, 1, -1, 1, 1, -1, -1};

  size_t pixels() const { return static_cast<size_t>(height_) * static_cast<size_t>(width_); }
  bool is_set(int y, int x) const {
    return y >= 0 && x >= 0 && y < height_ && x < width_ && parent_[static_cast<size_t>(y * width_ + x)] >= 0;
  }

  int root(int pixel) {
    while (parent_[static_cast<size_t>(pixel)] != pixel) {
      int& up = parent_[static_cast<size_t>(pixel)];
      up = parent_[static_cast<size_t>(up)];  // path halving
      pixel = up;
    }
    return pixel;
  }

  void unite(int a, int b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    Component& left = components_[static_cast<size_t>(a)];
    Component& right = components_[static_cast<size_t>(b)];
    const bool keep_left = (left.x1 - left.x0) * (left.y1 - left.y0) >= (right.x1 - right.x0) * (right.y1 - right.y0);
    Component& kept = keep_left ? left : right;
    const Component& gone = keep_left ? right : left;
    parent_[static_cast<size_t>(keep_left ? b : a)] = keep_left ? a : b;
    kept = {std::min(kept.x0, gone.x0),
            std::min(kept.y0, gone.y0),
            std::max(kept.x1, gone.x1),
            std::max(kept.y1, gone.y1),
            std::min(kept.first_pixel, gone.first_pixel),
            kept.twice_area + gone.twice_area,
            kept.touches_border || gone.touches_border,
            true,
            0};
  }

  int height_;
  int width_;
  Connectivity connectivity_;
  std::vector<int> parent_;  // -1: not in the set
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
  const PixelsByLevel pixels(map.levels);
  Components set(map.height, map.width, Connectivity::kEight);
  for (int t = kLevels - 2; t >= 0; --t) {
    for (const int pixel : pixels.at(t + 1)) set.add(pixel);
    double& entry = best[static_cast<size_t>(t)];
    set.for_each([&](Component& component) { entry = std::max(entry, current_iou(component, 0, map, truths)); });
  }
}

void raise_by_holes(IouPerLevel& best, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(map.levels);
  Components set(map.height, map.width, Connectivity::kFour);
  for (int t = 0; t < kLevels - 1; ++t) {
    for (const int pixel : pixels.at(t)) set.add(pixel);
    double& entry = best[static_cast<size_t>(t)];
    set.for_each([&](Component& component) {
      if (!component.touches_border) entry = std::max(entry, current_iou(component, 1, map, truths));
    });
  }
}

void set_by_largest(IouPerLevel& best, const LevelMap& map, const std::vector<Box>& truths) {
  const PixelsByLevel pixels(filled_levels(map));
  Components set(map.height, map.width, Connectivity::kEight);
  for (int t = kLevels - 2; t >= 0; --t) {
    for (const int pixel : pixels.at(t + 1)) {
      set.add(pixel);
      set.add_area(pixel);
    }
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

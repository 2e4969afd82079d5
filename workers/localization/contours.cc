#include "workers/localization/contours.h"

#include <algorithm>
#include <array>
#include <utility>

namespace camsweep {
namespace {

// Pixels on a grid with a frame of background one pixel wide, so that neighbours always exist and what lies outside is
// one background component.
class FramedMask {
 public:
  FramedMask(const LevelMap& map, int threshold) : width_(map.width + 2), height_(map.height + 2) {
    set_.assign(static_cast<size_t>(width_) * static_cast<size_t>(height_), false);
    for (int y = 0; y < map.height; ++y) {
      for (int x = 0; x < map.width; ++x) {
        set_[index(y + 1, x + 1)] =
            map.levels[static_cast<size_t>(y) * static_cast<size_t>(map.width) + static_cast<size_t>(x)] > threshold;
      }
    }
  }

  size_t index(int y, int x) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x);
  }
  bool operator[](size_t pixel) const { return set_[pixel]; }
  size_t size() const { return set_.size(); }
  int width() const { return width_; }
  int height() const { return height_; }
  int x(size_t pixel) const { return static_cast<int>(pixel) % width_; }
  int y(size_t pixel) const { return static_cast<int>(pixel) / width_; }
  int64_t raster_index(size_t pixel) const { return int64_t{y(pixel) - 1} * (width_ - 2) + x(pixel) - 1; }

 private:
  int width_;
  int height_;
  std::vector<bool> set_;
};

constexpr std::array<std::pair<int, int>, 8> kNeighbours = {
    {{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}};  // the first four share an edge

struct Region {
  bool foreground = false;
  size_t first = 0;
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  int parent = -1;  // the region that surrounds it; -1 for the outside
};

struct Regions {
  std::vector<Region> list;  // 0 is the outside
  std::vector<int> label;    // per pixel
};

// Regions in raster order of their first pixel: the pixel to the left of a first pixel belongs to what surrounds it.
Regions label_regions(const FramedMask& mask) {
  Regions regions{{}, std::vector<int>(mask.size(), -1)};
  std::vector<size_t> stack;
  for (size_t start = 0; start < mask.size(); ++start) {
    if (regions.label[start] >= 0) continue;
    const int id = static_cast<int>(regions.list.size());
    const int x = mask.x(start);
    const int y = mask.y(start);
    Region region{mask[start], start, x, y, x, y, start == 0 ? -1 : regions.label[start - 1]};
    regions.label[start] = id;
    stack.push_back(start);
    while (!stack.empty()) {
      const size_t pixel = stack.back();
      stack.pop_back();
      region.x0 = std::min(region.x0, mask.x(pixel));
      region.x1 = std::max(region.x1, mask.x(pixel));
      region.y1 = std::max(region.y1, mask.y(pixel));
      for (size_t k = 0; k < (region.foreground ? 8u : 4u); ++k) {
        const int ny = mask.y(pixel) + kNeighbours[k].first;
        const int nx = mask.x(pixel) + kNeighbours[k].second;
        if (ny < 0 || nx < 0 || ny >= mask.height() || nx >= mask.width()) continue;
        const size_t next = mask.index(ny, nx);
        if (mask[next] != region.foreground || regions.label[next] >= 0) continue;
        regions.label[next] = id;
        stack.push_back(next);
      }
    }
    regions.list.push_back(region);
  }
  return regions;
}

// For each region the top-level component it lies in (itself for one), -1 for the outside.
std::vector<int> top_level(const Regions& regions) {
  std::vector<int> top(regions.list.size(), -1);
  for (size_t i = 1; i < top.size(); ++i) {
    const int above = top[static_cast<size_t>(regions.list[i].parent)];
    top[i] = above >= 0 ? above : static_cast<int>(i);
  }
  return top;
}

// The polygon through the centres of a filled component's border covers 1 per 2 x 2 square of pixels that is full, and
// 1/2 per square with three (Pick's theorem by squares). Only for top-level components: no other can be the largest.
std::vector<int64_t> twice_areas(const FramedMask& mask, const Regions& regions, const std::vector<int>& top) {
  std::vector<int64_t> areas(regions.list.size(), 0);
  for (int y = 0; y + 1 < mask.height(); ++y) {
    for (int x = 0; x + 1 < mask.width(); ++x) {
      int set = 0;
      int owner = -1;
      for (const size_t pixel :
           {mask.index(y, x), mask.index(y, x + 1), mask.index(y + 1, x), mask.index(y + 1, x + 1)}) {
        const int id = top[static_cast<size_t>(regions.label[pixel])];
        if (id < 0) continue;
        ++set;
        owner = id;
      }
      if (set >= 3) areas[static_cast<size_t>(owner)] += set - 2;
    }
  }
  return areas;
}

// From coordinates of the framed grid to the map's, where a hole's outline runs on the pixels around it.
Box outline_box(const Region& region, const LevelMap& map) {
  const int grow = region.foreground ? 0 : 1;
  return {region.x0 - 1 - grow, region.y0 - 1 - grow, std::min(region.x1 + grow, map.width - 1),
          std::min(region.y1 + grow, map.height - 1)};
}

}  // namespace

std::vector<Contour> find_contours(const LevelMap& map, int threshold) {
  const FramedMask mask(map, threshold);
  const Regions regions = label_regions(mask);
  const std::vector<int> top = top_level(regions);
  const std::vector<int64_t> areas = twice_areas(mask, regions, top);
  std::vector<Contour> outer;
  std::vector<Contour> holes;
  for (size_t i = regions.list.size(); i-- > 1;) {
    const Region& region = regions.list[i];
    Contour contour{region.foreground ? Contour::Kind::kOuter : Contour::Kind::kHole, outline_box(region, map),
                    areas[i], mask.raster_index(region.first), top[i] != static_cast<int>(i)};
    (region.foreground ? outer : holes).push_back(contour);
  }
  outer.insert(outer.end(), holes.begin(), holes.end());
  return outer;
}

Box largest_contour_box(const LevelMap& map, int threshold) {
  const std::vector<Contour> contours = find_contours(map, threshold);
  const Contour* best = nullptr;
  for (const Contour& contour : contours) {
    if (contour.kind != Contour::Kind::kOuter || contour.nested) continue;
    if (!best || contour.twice_area > best->twice_area) best = &contour;
  }
  return best ? best->box : Box{};
}

std::vector<Box> contour_boxes(const LevelMap& map, int threshold) {
  std::vector<Box> boxes;
  for (const Contour& contour : find_contours(map, threshold)) boxes.push_back(contour.box);
  if (boxes.empty()) boxes.push_back({});
  return boxes;
}

int threshold_level(double tau, int max_level) { return static_cast<int>(tau * max_level); }

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// The outline of one foreground component (8-connected), or of one hole in it (4-connected background that does not
// reach the border), as OpenCV's findContours (RETR_TREE, CHAIN_APPROX_SIMPLE) sees it. Spec protocol, 7.4.
struct Contour {
  enum class Kind { kOuter, kHole };
  Kind kind = Kind::kOuter;
  Box box;                  // x1, y1 are one past the last pixel, clipped to the frame
  int64_t twice_area = 0;   // of the polygon through pixel centres, holes filled; not computed for holes
  int64_t first_pixel = 0;  // raster index
  bool nested = false;      // inside a hole of another component
};

// Contours of {level > threshold}: components with the last first pixel first, then holes.
std::vector<Contour> find_contours(const LevelMap& map, int threshold);

// The box of the contour with the largest polygon area (the first in OpenCV's order on ties); [0, 0, 0, 0] without
// foreground. What MaxBoxAcc draws.
Box largest_contour_box(const LevelMap& map, int threshold);

// Boxes of all contours, what MaxBoxAccV2 draws; one [0, 0, 0, 0] without foreground.
std::vector<Box> contour_boxes(const LevelMap& map, int threshold);

// The level of threshold tau in [0, 1): trunc(tau * max). Spec protocol, 7.3.
int threshold_level(double tau, int max_level);

}  // namespace camsweep

#pragma once

#include "workers/data/dataset.h"
#include "workers/localization/box_geometry.h"
#include "workers/localization/score_map.h"

namespace camsweep {

inline constexpr double kCamBoxThreshold = 0.2;  // of the map's maximum

// Where a class's map lies in its image, in the image's pixels: the box of the largest component above the threshold.
// Spec protocol, 11.4.
struct CamBox {
  Box box;
  bool empty = false;  // no value is positive: the whole image

  bool operator==(const CamBox&) const = default;
};

// Of a map between 0 and 1, its maximum.
CamBox cam_box(const Normalized& map, FrameSize image);

}  // namespace camsweep

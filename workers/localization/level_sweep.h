#pragma once

#include <array>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// Entry t is for the foreground {level > t}.
using IouPerLevel = std::array<double, 256>;

struct LevelIous {
  IouPerLevel single{};  // of the largest contour's box
  IouPerLevel multi{};   // the best over all contours' boxes
};

// The best IoU with `truths` (in the map's pixels) of the boxes that contours.h draws, at all 256 levels at once.
// The foregrounds of falling levels are nested, so one pass of union-find over the pixels in falling order sees every
// component of every level, and a pass over the background in rising order sees every hole. A component is looked at
// when it changes, not at each level: what it was holds for a range of levels. For the largest contour the map's holes
// are filled first (the lowest level of a path to the border): its components are then the top-level ones, and polygon
// areas grow by whole half-squares.
LevelIous level_ious(const LevelMap& map, const std::vector<Box>& truths);

}  // namespace camsweep

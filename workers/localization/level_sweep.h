#pragma once

#include <array>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/byte_kernels.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// Entry t is for the foreground {level > t}.
using IouPerLevel = std::array<double, 256>;

struct LevelIous {
  IouPerLevel single{};  // of the largest contour's box
  IouPerLevel multi{};   // the best over all contours' boxes
};

// The best IoU with `truths` (in the map's pixels) of the boxes that contours.h draws, at all 256 levels at once.
//
// Rows are cut at their valleys into segments (row_segments.h) that hang together in basins around the map's peaks;
// the foregrounds of falling levels are nested, so one pass over the levels at which basins meet sees every component
// of every level (component_tree.h), and another one over the inverted map every hole. A component's box at a level is
// read from the highest level of each of its columns and rows (component_profiles.h). For the largest contour the map's
// holes are filled first (filled_map.h): its components are then the top-level ones.
//
// Throws ConfigError for a truth that iou() refuses.
LevelIous level_ious(const LevelMap& map, const std::vector<Box>& truths, const ByteKernels& kernels = byte_kernels());

// One of both alone.
IouPerLevel single_ious(const LevelMap& map, const std::vector<Box>& truths,
                        const ByteKernels& kernels = byte_kernels());
IouPerLevel multi_ious(const LevelMap& map, const std::vector<Box>& truths,
                       const ByteKernels& kernels = byte_kernels());

}  // namespace camsweep

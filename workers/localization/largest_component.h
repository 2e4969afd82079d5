#pragma once

#include <array>

#include "workers/data/dataset.h"
#include "workers/localization/padded_map.h"

namespace camsweep {

// The pixels' box (both corners inside) of the contour with the largest area at each level t, of the foreground
// {level > t} of a map without holes: of equal ones that with the last first pixel in raster order. Entries from the
// map's highest level on mean nothing.
std::array<Box, 256> largest_components(const PaddedMap& map, const SweepWorkspace& workspace);

}  // namespace camsweep

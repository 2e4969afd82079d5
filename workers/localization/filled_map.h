#pragma once

#include "workers/localization/component_tree.h"

namespace camsweep {

// The map with its holes filled: every pixel at the lowest level at which a 4-connected path of background leads from
// it to the outside, so that the components of {level > t} are those of the map with all that they surround.
// `background` is the tree of the inverted map.
PaddedMap filled_map(const PaddedMap& map, const ComponentTree& background, const SweepWorkspace& workspace);

}  // namespace camsweep

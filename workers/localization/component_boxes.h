#pragma once

#include "workers/data/dataset.h"
#include "workers/localization/best_ious.h"
#include "workers/localization/component_profiles.h"

namespace camsweep {

// What the components of a tree are: those of {level > t}, or, above level 254 - t of the inverted map, its holes.
enum class Outline { kComponent, kHole };

// The box of spec protocol, 7.4: the right and lower edge one past the last pixel, inside the frame. A hole's outline
// runs on the pixels around it.
Box outline_box(LaneSpan columns, LaneSpan rows, Outline outline, const PaddedMap& map);

// Adds the boxes of all components that `tree` has at any level. `map` is what the tree was made of.
void add_boxes(const PaddedMap& map, const ComponentTree& tree, Outline outline, const SweepWorkspace& workspace,
               BestIous& best);

}  // namespace camsweep

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "workers/data/image.h"
#include "workers/localization/box_geometry.h"
#include "workers/localization/score_map.h"

namespace camsweep {

using Colour = std::array<uint8_t, 3>;

// Viridis at a value in [0, 1] (van der Walt and Smith, 2015): perceptually uniform, readable in grey.
Colour viridis(double value);

// A map in [0, 1] as a picture.
Image heat_map(const ScoreMap& map);

// The outline of a box in the image's pixels, 2 pixels thick.
void draw_box(Image& image, const Box& box, Colour colour);

// The image blended with its score map, the true boxes (in the image's own pixels) green, the box of the largest
// contour at threshold tau red. Drawn at the map's size or `side`, whichever is larger.
Image overlay(const Image& image, const ScoreMap& map, const std::vector<Box>& truths, double tau, int side);

// Input and overlay side by side.
Image draw_localization(const Image& image, const ScoreMap& map, const std::vector<Box>& truths, double tau, int side);

// Pictures of one size in rows, on white.
Image contact_sheet(const std::vector<std::vector<Image>>& rows);

}  // namespace camsweep

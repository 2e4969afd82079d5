#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace camsweep {

// The one colour of a backbone family in every figure, of the palette of Okabe and Ito (2008), which readers with any
// colour vision tell apart: RepLKNet orange, SLaK blue, ConvNeXt green, ResNet vermilion. "#rrggbb".
std::string family_colour(std::string_view family);

// Colours for series that are no families.
std::string series_colour(size_t index);

// "replknet" -> "RepLKNet"; unknown families as they are.
std::string family_title(std::string_view family);

// `strength` of the colour on white: 1 = the colour, 0 = white.
std::string tinted(std::string_view colour, double strength);

}  // namespace camsweep

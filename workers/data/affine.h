#pragma once

#include <array>
#include <cstdint>

#include "workers/data/image.h"
#include "workers/data/resize.h"

namespace camsweep {

// Where an output pixel takes its value from: x' = a x + b y + c, y' = d x + e y + f of its centre.
struct AffineMap {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

// Turns an image of these sides by `degrees` counter-clockwise about its centre.
AffineMap rotation(double degrees, int width, int height);

// Pillow 12's Image.transform(AFFINE) to the same size, bit-identical: no antialiasing, bicubic with a = -1, taps
// clamped at the border, in double and truncated; `fill` where the source lies outside (spec wsol_methods, 7.2).
Image transform(const Image& image, const AffineMap& map, Filter filter, const std::array<uint8_t, 3>& fill);

}  // namespace camsweep

#pragma once

#include "workers/data/image.h"

namespace camsweep {

enum class Filter { kBilinear, kBicubic };

// A part of an image in whole pixels.
struct Crop {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// Resamples to width x height, bit-identical to Pillow 12 (antialiased; horizontal pass first, 22-bit fixed-point
// weights, each pass rounded to 8 bits): spec libtorch, 8.6.
Image resize(const Image& image, int width, int height, Filter filter);
// The same of a crop, as Pillow's crop().resize(): pixels outside the crop have no influence.
Image resize(const Image& image, const Crop& crop, int width, int height, Filter filter);

}  // namespace camsweep

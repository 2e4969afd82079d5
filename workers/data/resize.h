#pragma once

#include "workers/data/image.h"

namespace camsweep {

enum class Filter { kBilinear, kBicubic };

// Resamples to width x height, bit-identical to Pillow 12 (antialiased; horizontal pass first, 22-bit fixed-point
// weights, each pass rounded to 8 bits): spec libtorch, 8.6.
Image resize(const Image& image, int width, int height, Filter filter);
// The same of a crop, as Pillow's crop().resize(): pixels outside the crop have no influence.
Image resize(const Image& image, const Crop& crop, int width, int height, Filter filter);

}  // namespace camsweep

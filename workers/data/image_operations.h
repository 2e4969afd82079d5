#pragma once

#include "workers/data/image.h"

namespace camsweep {

// Pillow 12's ImageOps and ImageEnhance on an RGB image, in place and bit-identical (spec wsol_methods, 7.2).

// Stretches each channel's range to 0..255.
void auto_contrast(Image& image);
// Flattens each channel's histogram.
void equalize(Image& image);
void invert(Image& image);
// Keeps the upper `bits` of 0 to 8; 0 leaves black.
void posterize(Image& image, int bits);
// Inverts values from `threshold` on.
void solarize(Image& image, int threshold);
// Adds `add` to values below 128, up to 255.
void solarize_add(Image& image, int add);

// Away from grey, from the mean grey, from black and from the smoothed image by `factor`: 0 gives these, 1 the image.
void enhance_color(Image& image, float factor);
void enhance_contrast(Image& image, float factor);
void enhance_brightness(Image& image, float factor);
void enhance_sharpness(Image& image, float factor);

}  // namespace camsweep

#pragma once

#include <string>
#include <string_view>

#include "workers/data/image.h"

// PNG over libpng, in memory. Errors are ImageError without a file name; damage of any kind is one.
namespace camsweep {

bool is_png(std::string_view bytes);
// Whether the header says 8-bit grey without alpha.
bool png_is_gray(std::string_view bytes);
ImageSize png_size(std::string_view bytes);

// These two refuse, by name, every other form: palette, alpha, 16 bits.
Image decode_png_rgb(std::string_view bytes);
GrayImage decode_png_gray(std::string_view bytes);
// Any form, converted to 8-bit RGBA: cut-outs come with palettes and without.
AlphaImage decode_png_alpha(std::string_view bytes);

std::string encode_png(const Image& image);
std::string encode_png(const GrayImage& image);

}  // namespace camsweep

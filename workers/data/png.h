#pragma once

#include <string>
#include <string_view>

#include "workers/data/image.h"

// PNG over libpng, in memory. Errors are ImageError without a file name; damage of any kind is one.
namespace camsweep {

bool is_png(std::string_view bytes);
ImageSize png_size(std::string_view bytes);

// Any form, converted as Pillow's convert("RGB") does: palettes looked up, transparency dropped, the upper byte of
// 16-bit colours, 16-bit grey clipped at 255.
Image decode_png_rgb(std::string_view bytes);
// Refuses every other form by name.
GrayImage decode_png_gray(std::string_view bytes);
// Any form, converted to 8-bit RGBA: cut-outs come with palettes and without.
AlphaImage decode_png_alpha(std::string_view bytes);

std::string encode_png(const Image& image);
std::string encode_png(const GrayImage& image);

}  // namespace camsweep

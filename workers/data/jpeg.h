#pragma once

#include <string>
#include <string_view>

#include "workers/data/image.h"

// JPEG over libjpeg-turbo, in memory. Errors are ImageError without a file name.
namespace camsweep {

bool is_jpeg(std::string_view bytes);

ImageSize jpeg_size(std::string_view bytes);

// RGB from files of any colour form, CMYK and YCCK by Adobe's convention (inverted), as Pillow takes them. Any warning
// of the decoder (data that ends early, corrupt codes) is an error, but for stray bytes before a marker, which are
// skipped.
Image decode_jpeg(std::string_view bytes);

// The same pixels of a part of the image: what lies below it is not read, what lies above and beside it hardly.
Image decode_jpeg(std::string_view bytes, const ChooseCrop& choose);

std::string encode_jpeg(const Image& image, int quality);

}  // namespace camsweep

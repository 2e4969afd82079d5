#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/error.h"

namespace camsweep {

// 8-bit RGB, rows from the top, 3 bytes a pixel, no padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

// 8-bit grey: masks.
struct GrayImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> gray;
};

// 8-bit RGB with alpha: cut-outs.
struct AlphaImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgba;
};

struct ImageSize {
  int width = 0;
  int height = 0;
};

// A part of an image in whole pixels.
struct Crop {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// Which part of an image is wanted, once its size is known.
using ChooseCrop = std::function<Crop(ImageSize)>;

// Asserts that a part is not empty and lies within an image.
void check_within(const Crop& part, const ImageSize& size);

Image cut(const Image& image, const Crop& part);

// Larger images are refused before memory is taken for them.
constexpr int kLargestSide = 65'500;
constexpr int64_t kMostPixels = 100'000'000;

// A file that is no readable image; the message names the file and what is wrong with it. Wrong input, so that one
// which nobody catches ends its job, not to be retried, or its command with exit code 2.
class ImageError : public Error {
 public:
  explicit ImageError(const std::string& sentence) : Error(ExitCode::kBadInput, sentence) {}
};

// Decodes JPEG or PNG by content, whatever the name says, bit-identical to Pillow 12's convert("RGB") for every colour
// form of both; EXIF orientation is ignored. Any damage to pixels (libjpeg's warnings too) is an ImageError.
Image read_image(const std::filesystem::path& file);
// The chosen part, with the same pixels. Of a JPEG no more than it needs is decoded, so that damage elsewhere is not
// found.
Image read_image(const std::filesystem::path& file, const ChooseCrop& choose);
GrayImage read_gray_png(const std::filesystem::path& file);
// PNG of any form, converted to RGBA.
AlphaImage read_alpha_png(const std::filesystem::path& file);
// Width and height of a JPEG or PNG file, from its header.
ImageSize read_image_size(const std::filesystem::path& file);

// Throws ImageError if there are more than kMostPixels.
void check_pixel_count(int width, int height);

// Throw Error (kDiskFull, kEnvironment).
void write_jpeg(const std::filesystem::path& file, const Image& image, int quality);
void write_png(const std::filesystem::path& file, const Image& image);
void write_png(const std::filesystem::path& file, const GrayImage& image);

}  // namespace camsweep

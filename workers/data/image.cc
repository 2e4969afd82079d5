#include "workers/data/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "schemas/error.h"
#include "schemas/files.h"
#include "workers/data/jpeg.h"
#include "workers/data/png.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kUsualHeader = 16 << 10;  // bytes; profiles and thumbnails can make it longer

std::string read_bytes(const fs::path& file) {
  try {
    return read_file(file);
  } catch (const Error& error) {
    throw ImageError(error.what());  // a missing image is a fault of the data set, not of this machine
  }
}

// Adds the file's name to whatever a decoder has to say.
template <class Decode>
auto named(const fs::path& file, const Decode& decode) {
  const std::string bytes = read_bytes(file);
  try {
    return decode(bytes);
  } catch (const ImageError& error) {
    throw ImageError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

std::string describe(std::string_view bytes) {
  if (bytes.empty()) return "the file is empty";
  const size_t text = bytes.find_first_not_of(" \t\r\n");
  if (text != std::string_view::npos && bytes[text] == '<') return "this is a web page, not an image";
  return "neither JPEG nor PNG";
}

}  // namespace

Image read_image(const fs::path& file) {
  return named(file, [](std::string_view bytes) {
    if (is_jpeg(bytes)) return decode_jpeg(bytes);
    if (!is_png(bytes)) throw ImageError(describe(bytes));
    return decode_png_rgb(bytes);
  });
}

Image read_image(const fs::path& file, const ChooseCrop& choose) {
  return named(file, [&](std::string_view bytes) {
    if (is_jpeg(bytes)) return decode_jpeg(bytes, choose);
    if (!is_png(bytes)) throw ImageError(describe(bytes));
    const Image image = decode_png_rgb(bytes);
    return cut(image, choose({image.width, image.height}));
  });
}

GrayImage read_gray_png(const fs::path& file) {
  return named(file, [](std::string_view bytes) {
    if (!is_png(bytes)) throw ImageError(describe(bytes));
    return decode_png_gray(bytes);
  });
}

AlphaImage read_alpha_png(const fs::path& file) {
  return named(file, [](std::string_view bytes) {
    if (!is_png(bytes)) throw ImageError(describe(bytes));
    return decode_png_alpha(bytes);
  });
}

ImageSize read_image_size(const fs::path& file) {
  const auto size_of = [](std::string_view bytes) {
    if (is_jpeg(bytes)) return jpeg_size(bytes);
    if (!is_png(bytes)) throw ImageError(describe(bytes));
    return png_size(bytes);
  };
  std::string head(kUsualHeader, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  try {
    return size_of(head);
  } catch (const ImageError&) {
    return named(file, size_of);  // a longer header, or damage to name
  }
}

void check_within(const Crop& part, const ImageSize& size) {
  CAMSWEEP_CHECK(part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0 && part.x + part.width <= size.width &&
                     part.y + part.height <= size.height,
                 "a part lies within its image");
}

Image cut(const Image& image, const Crop& part) {
  check_within(part, {image.width, image.height});
  Image result{.width = part.width, .height = part.height, .rgb = {}};
  result.rgb.reserve(size_t{3} * static_cast<size_t>(part.width) * static_cast<size_t>(part.height));
  for (int y = part.y; y < part.y + part.height; ++y) {
    const auto first = image.rgb.begin() + (static_cast<ptrdiff_t>(y) * image.width + part.x) * 3;
    result.rgb.insert(result.rgb.end(), first, first + ptrdiff_t{3} * part.width);
  }
  return result;
}

void check_pixel_count(int width, int height) {
  if (static_cast<int64_t>(width) * height > kMostPixels) {
    throw ImageError(fmt::format("{} x {} pixels; allowed: {} in all", width, height, kMostPixels));
  }
}

void write_jpeg(const fs::path& file, const Image& image, int quality) {
  write_file(file, encode_jpeg(image, quality));
}
void write_png(const fs::path& file, const Image& image) { write_file(file, encode_png(image)); }
void write_png(const fs::path& file, const GrayImage& image) { write_file(file, encode_png(image)); }

}  // namespace camsweep

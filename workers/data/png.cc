#include "workers/data/png.h"

#include <fmt/format.h>
#include <png.h>

namespace camsweep {
namespace {

// libpng's simplified interface reads the header, converts and reports errors by value.
class PngReader {
 public:
  explicit PngReader(std::string_view bytes) {
    image_.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_memory(&image_, bytes.data(), bytes.size()) == 0) throw ImageError(image_.message);
  }
  ~PngReader() { png_image_free(&image_); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  int width() const { return static_cast<int>(image_.width); }
  int height() const { return static_cast<int>(image_.height); }
  uint32_t form() const { return image_.format; }

  std::vector<uint8_t> read(uint32_t form) {
    image_.format = form;
    std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image_));
    if (png_image_finish_read(&image_, nullptr, pixels.data(), 0, nullptr) == 0) throw ImageError(image_.message);
    // A warning is damage that libpng read over, such as a wrong checksum.
    if ((image_.warning_or_error & PNG_IMAGE_WARNING) != 0) throw ImageError(image_.message);
    return pixels;
  }

 private:
  png_image image_{};
};

std::string form_name(uint32_t form) {
  if ((form & PNG_FORMAT_FLAG_COLORMAP) != 0) return "palette";
  if ((form & PNG_FORMAT_FLAG_LINEAR) != 0) return "16-bit";
  return (form & PNG_FORMAT_FLAG_ALPHA) != 0 ? "alpha" : (form & PNG_FORMAT_FLAG_COLOR) != 0 ? "RGB" : "grey";
}

void require(const PngReader& reader, uint32_t wanted, std::string_view allowed) {
  if (reader.form() != wanted) {
    throw ImageError(fmt::format("{} PNG; allowed: {}", form_name(reader.form()), allowed));
  }
}

std::string encode(const uint8_t* pixels, int width, int height, uint32_t form) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<uint32_t>(width);
  image.height = static_cast<uint32_t>(height);
  image.format = form;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, nullptr) == 0) {
    throw ImageError(image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

bool png_is_gray(std::string_view bytes) { return PngReader(bytes).form() == PNG_FORMAT_GRAY; }

Image decode_png_rgb(std::string_view bytes) {
  PngReader reader(bytes);
  require(reader, PNG_FORMAT_RGB, "8-bit RGB and grey");
  return {.width = reader.width(), .height = reader.height(), .rgb = reader.read(PNG_FORMAT_RGB)};
}

GrayImage decode_png_gray(std::string_view bytes) {
  PngReader reader(bytes);
  require(reader, PNG_FORMAT_GRAY, "8-bit grey");
  return {.width = reader.width(), .height = reader.height(), .gray = reader.read(PNG_FORMAT_GRAY)};
}

AlphaImage decode_png_alpha(std::string_view bytes) {
  PngReader reader(bytes);
  return {.width = reader.width(), .height = reader.height(), .rgba = reader.read(PNG_FORMAT_RGBA)};
}

std::string encode_png(const Image& image) {
  return encode(image.rgb.data(), image.width, image.height, PNG_FORMAT_RGB);
}
std::string encode_png(const GrayImage& image) {
  return encode(image.gray.data(), image.width, image.height, PNG_FORMAT_GRAY);
}

}  // namespace camsweep

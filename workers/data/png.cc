#include "workers/data/png.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

// Not the interface of png_image: that one would apply a file's gamma, which Pillow does not.
namespace camsweep {
namespace {

struct Reader {
  explicit Reader(std::string_view the_bytes) : bytes(the_bytes) {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string_view bytes;  // what is not read yet
  char text[200] = "";
};

[[noreturn]] void on_error(png_structp png, const char* message) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::strncpy(reader->text, message, sizeof reader->text - 1);
  png_longjmp(png, 1);
}

// Warnings concern chunks that leave the pixels as they are (profiles, texts): damage of those that do is an error.
void on_warning(png_structp, const char*) {}

void take(png_structp png, png_bytep to, size_t count) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader->bytes.size()) png_error(png, "the file ends early");
  std::memcpy(to, reader->bytes.data(), count);
  reader->bytes.remove_prefix(count);
}

// libpng leaves by longjmp: this function and the next hold no object with a destructor.
bool read_header(Reader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png == nullptr) return false;
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  reader.info = png_create_info_struct(reader.png);
  png_set_user_limits(reader.png, kLargestSide, kLargestSide);
  png_set_read_fn(reader.png, &reader, take);
  png_read_info(reader.png, reader.info);
  return true;
}

enum class Form { kGray, kRgb, kRgba, kWideGray };

bool read_pixels(Reader& reader, Form form, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  if (form != Form::kWideGray) png_set_expand(reader.png);  // palettes to RGB, tRNS to alpha, 1, 2 and 4 bits to 8
  if (form == Form::kRgb) {
    png_set_strip_16(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_strip_alpha(reader.png);
  }
  if (form == Form::kRgba) {
    png_set_scale_16(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_add_alpha(reader.png, 0xff, PNG_FILLER_AFTER);
  }
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

bool is_wide_gray(const Reader& reader) {
  return png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_GRAY &&
         png_get_bit_depth(reader.png, reader.info) == 16;
}

// Pillow's way from I;16 to RGB: what is above 255 becomes white.
std::vector<uint8_t> clipped_to_rgb(const std::vector<uint8_t>& wide) {
  std::vector<uint8_t> rgb;
  rgb.reserve(wide.size() / 2 * 3);
  for (size_t i = 0; i < wide.size(); i += 2) rgb.insert(rgb.end(), 3, wide[i] > 0 ? 255 : wide[i + 1]);
  return rgb;
}

size_t bytes_per_pixel(Form form) {
  switch (form) {
    case Form::kGray:
      return 1;
    case Form::kWideGray:
      return 2;
    case Form::kRgb:
      return 3;
    default:
      return 4;
  }
}

std::string form_name(const Reader& reader) {
  const int colour = png_get_color_type(reader.png, reader.info);
  if (colour == PNG_COLOR_TYPE_PALETTE) return "palette";
  if (png_get_bit_depth(reader.png, reader.info) == 16) return "16-bit";
  if ((colour & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0) {
    return "alpha";
  }
  return colour == PNG_COLOR_TYPE_GRAY ? "grey" : "RGB";
}

struct Pixels {
  int width;
  int height;
  std::vector<uint8_t> bytes;
};

Pixels decode(Reader& reader, Form form) {
  Pixels pixels{.width = static_cast<int>(png_get_image_width(reader.png, reader.info)),
                .height = static_cast<int>(png_get_image_height(reader.png, reader.info)),
                .bytes = {}};
  check_pixel_count(pixels.width, pixels.height);
  const size_t stride = static_cast<size_t>(pixels.width) * bytes_per_pixel(form);
  pixels.bytes.resize(stride * static_cast<size_t>(pixels.height));
  std::vector<png_bytep> rows(static_cast<size_t>(pixels.height));
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.bytes.data() + stride * y;
  if (!read_pixels(reader, form, rows.data())) throw ImageError(reader.text);
  return pixels;
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

ImageSize png_size(std::string_view bytes) {
  Reader reader(bytes);
  if (!read_header(reader)) throw ImageError(reader.text);
  return {static_cast<int>(png_get_image_width(reader.png, reader.info)),
          static_cast<int>(png_get_image_height(reader.png, reader.info))};
}

Image decode_png_rgb(std::string_view bytes) {
  Reader reader(bytes);
  if (!read_header(reader)) throw ImageError(reader.text);
  const bool wide = is_wide_gray(reader);
  Pixels pixels = decode(reader, wide ? Form::kWideGray : Form::kRgb);
  if (wide) pixels.bytes = clipped_to_rgb(pixels.bytes);
  return {.width = pixels.width, .height = pixels.height, .rgb = std::move(pixels.bytes)};
}

GrayImage decode_png_gray(std::string_view bytes) {
  Reader reader(bytes);
  if (!read_header(reader)) throw ImageError(reader.text);
  if (form_name(reader) != "grey") throw ImageError(fmt::format("{} PNG; allowed: 8-bit grey", form_name(reader)));
  Pixels pixels = decode(reader, Form::kGray);
  return {.width = pixels.width, .height = pixels.height, .gray = std::move(pixels.bytes)};
}

AlphaImage decode_png_alpha(std::string_view bytes) {
  Reader reader(bytes);
  if (!read_header(reader)) throw ImageError(reader.text);
  Pixels pixels = decode(reader, Form::kRgba);
  return {.width = pixels.width, .height = pixels.height, .rgba = std::move(pixels.bytes)};
}

std::string encode_png(const Image& image) {
  return encode(image.rgb.data(), image.width, image.height, PNG_FORMAT_RGB);
}
std::string encode_png(const GrayImage& image) {
  return encode(image.gray.data(), image.width, image.height, PNG_FORMAT_GRAY);
}

}  // namespace camsweep

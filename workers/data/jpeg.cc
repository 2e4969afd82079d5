#include "workers/data/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

// After <cstdio>, which they need.
#include <jpeglib.h>
// Last: its list of message codes has no guard.
#include <jerror.h>

namespace camsweep {
namespace {

// libjpeg reports errors by a call that must not return. Throwing through its C frames is undefined, so it jumps back
// into a function of ours that holds no object with a destructor.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX];
};

void fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  info->err->format_message(info, errors->text);
  std::longjmp(errors->jump, 1);
}

// Level -1 is corrupt data, above are traces. Bytes skipped before a marker cost no pixel (cameras and editors pad with
// them) and Pillow takes such files; every other warning means that pixels are wrong or missing.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) fail(info);
}

// A progressive file can repeat scans without end; each costs a pass over the whole image.
constexpr int kMostScans = 500;

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  std::snprintf(errors->text, sizeof errors->text, "more than %d scans", kMostScans);
  std::longjmp(errors->jump, 1);
}

void install(ErrorManager& errors) {
  jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.emit_message = on_message;
  errors.text[0] = '\0';
}

struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_progress_mgr progress{};
  ErrorManager errors;
  ~Decoder() { jpeg_destroy_decompress(&info); }
};

// Reads the header and chooses RGB. False: decoder.errors.text says why.
bool start(Decoder& decoder, const char* bytes, size_t size) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = on_progress;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(bytes), size);
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

bool decode(Decoder& decoder, J_COLOR_SPACE space, uint8_t* pixels) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  decoder.info.out_color_space = space;
  jpeg_start_decompress(&decoder.info);
  const size_t stride = static_cast<size_t>(decoder.info.output_components) * decoder.info.output_width;
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + stride * decoder.info.output_scanline;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

// Colours are upsampled from their neighbours', so that a block around the part is decoded with it. `row` has room for
// one of the whole image.
bool decode_part(Decoder& decoder, const Crop& part, uint8_t* row, uint8_t* pixels) {
  if (setjmp(decoder.errors.jump) != 0) return false;
  jpeg_decompress_struct& info = decoder.info;
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const int block_width = info.max_h_samp_factor * DCTSIZE;
  const int block_height = info.max_v_samp_factor * DCTSIZE;
  const int right = std::min(static_cast<int>(info.output_width), part.x + part.width + block_width);
  auto left = static_cast<JDIMENSION>(std::max(0, part.x - block_width));
  JDIMENSION columns = static_cast<JDIMENSION>(right) - left;
  jpeg_crop_scanline(&info, &left, &columns);  // moves `left` to a block's edge
  if (part.y > block_height) jpeg_skip_scanlines(&info, static_cast<JDIMENSION>(part.y - block_height));
  const size_t bytes = size_t{3} * static_cast<size_t>(part.width);
  const size_t skipped = size_t{3} * (static_cast<size_t>(part.x) - left);
  for (int y = static_cast<int>(info.output_scanline); y < part.y + part.height; ++y) {
    jpeg_read_scanlines(&info, &row, 1);
    if (y >= part.y) std::memcpy(pixels + bytes * static_cast<size_t>(y - part.y), row + skipped, bytes);
  }
  return true;
}

// Pillow's conversion of inverted CMYK: an ink takes (255 - k) * c / 255, rounded, from 255 - k.
std::vector<uint8_t> rgb_of_inverted_cmyk(const std::vector<uint8_t>& cmyk) {
  std::vector<uint8_t> rgb;
  rgb.reserve(cmyk.size() / 4 * 3);
  for (size_t i = 0; i < cmyk.size(); i += 4) {
    const int light = cmyk[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[i + c]) * light + 128;
      rgb.push_back(static_cast<uint8_t>(std::clamp(light - (((product >> 8) + product) >> 8), 0, 255)));
    }
  }
  return rgb;
}

std::unique_ptr<Decoder> open(std::string_view bytes) {
  auto decoder = std::make_unique<Decoder>();
  decoder->info.err = &decoder->errors.base;
  install(decoder->errors);
  if (!start(*decoder, bytes.data(), bytes.size())) throw ImageError(decoder->errors.text);
  return decoder;
}

struct Encoder {
  jpeg_compress_struct info{};
  ErrorManager errors;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  ~Encoder() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
};

bool encode(Encoder& encoder, const uint8_t* rgb, int width, int height, int quality) {
  if (setjmp(encoder.errors.jump) != 0) return false;
  jpeg_create_compress(&encoder.info);
  jpeg_mem_dest(&encoder.info, &encoder.bytes, &encoder.size);
  encoder.info.image_width = static_cast<JDIMENSION>(width);
  encoder.info.image_height = static_cast<JDIMENSION>(height);
  encoder.info.input_components = 3;
  encoder.info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder.info);
  jpeg_set_quality(&encoder.info, quality, TRUE);
  jpeg_start_compress(&encoder.info, TRUE);
  const size_t stride = size_t{3} * static_cast<size_t>(width);
  while (encoder.info.next_scanline < encoder.info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(rgb + stride * encoder.info.next_scanline);
    jpeg_write_scanlines(&encoder.info, &row, 1);
  }
  jpeg_finish_compress(&encoder.info);
  return true;
}

}  // namespace

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

ImageSize jpeg_size(std::string_view bytes) {
  const auto decoder = open(bytes);
  return {static_cast<int>(decoder->info.image_width), static_cast<int>(decoder->info.image_height)};
}

Image decode_jpeg(std::string_view bytes) {
  const auto decoder = open(bytes);
  const J_COLOR_SPACE space = decoder->info.jpeg_color_space;
  const bool four_inks = space == JCS_CMYK || space == JCS_YCCK;
  Image image{.width = static_cast<int>(decoder->info.image_width),
              .height = static_cast<int>(decoder->info.image_height),
              .rgb = {}};
  check_pixel_count(image.width, image.height);
  image.rgb.resize(size_t{four_inks ? 4U : 3U} * decoder->info.image_width * decoder->info.image_height);
  if (!decode(*decoder, four_inks ? JCS_CMYK : JCS_RGB, image.rgb.data())) throw ImageError(decoder->errors.text);
  if (four_inks) image.rgb = rgb_of_inverted_cmyk(image.rgb);
  return image;
}

Image decode_jpeg(std::string_view bytes, const ChooseCrop& choose) {
  const auto decoder = open(bytes);
  const ImageSize size{static_cast<int>(decoder->info.image_width), static_cast<int>(decoder->info.image_height)};
  check_pixel_count(size.width, size.height);
  const Crop part = choose(size);
  check_within(part, size);
  if (decoder->info.num_components > 3) return cut(decode_jpeg(bytes), part);
  Image image{.width = part.width, .height = part.height, .rgb = {}};
  image.rgb.resize(size_t{3} * static_cast<size_t>(part.width) * static_cast<size_t>(part.height));
  std::vector<uint8_t> row(size_t{3} * decoder->info.image_width);
  if (!decode_part(*decoder, part, row.data(), image.rgb.data())) throw ImageError(decoder->errors.text);
  return image;
}

std::string encode_jpeg(const Image& image, int quality) {
  const auto encoder = std::make_unique<Encoder>();
  encoder->info.err = &encoder->errors.base;
  install(encoder->errors);
  if (!encode(*encoder, image.rgb.data(), image.width, image.height, quality)) throw ImageError(encoder->errors.text);
  return {reinterpret_cast<const char*>(encoder->bytes), encoder->size};
}

}  // namespace camsweep

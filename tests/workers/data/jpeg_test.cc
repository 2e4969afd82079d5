#include "workers/data/jpeg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include "schemas/files.h"
#include "workers/data/augmentation.h"

namespace camsweep {
namespace {

// How a file is stored: samples of brightness for one of colour, across and down; components; scans.
struct Form {
  const char* name;
  int across;
  int down;
  int components = 3;
  bool progressive = false;
};

constexpr Form kForms[] = {{"4:4:4", 1, 1}, {"4:2:2", 2, 1},   {"4:4:0", 1, 2},
                           {"4:2:0", 2, 2}, {"grey", 1, 1, 1}, {"progressive", 2, 2, 3, true}};

// Noise over a gradient, of odd sides.
std::string encoded(const Form& form) {
  constexpr JDIMENSION kWidth = 157;
  constexpr JDIMENSION kHeight = 131;
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = kWidth;
  info.image_height = kHeight;
  info.input_components = form.components;
  info.in_color_space = form.components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 90, TRUE);
  info.comp_info[0].h_samp_factor = form.across;
  info.comp_info[0].v_samp_factor = form.down;
  if (form.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  Random random(1, Purpose::kSynth, 0, 0);
  std::vector<uint8_t> row(static_cast<size_t>(form.components) * kWidth);
  while (info.next_scanline < info.image_height) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<uint8_t>(static_cast<int64_t>(i % 150 + info.next_scanline / 2) + random.integer(0, 40));
    }
    JSAMPROW rows = row.data();
    jpeg_write_scanlines(&info, &rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string result(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return result;
}

ChooseCrop at(const Crop& part) {
  return [part](ImageSize) { return part; };
}

std::vector<Crop> crops(const Image& image, int count) {
  const int w = image.width;
  const int h = image.height;
  std::vector<Crop> all = {{0, 0, w, h}, {0, 0, 1, 1}, {w - 1, h - 1, 1, 1}, {0, h - 20, w, 20}, {w - 20, 0, 20, h}};
  Random random(2, Purpose::kAugmentation, 0, 0);
  for (int i = 0; i < count; ++i) all.push_back(random_resized_crop(w, h, 0.01, random));
  return all;
}

void expect_parts_equal(const std::string& bytes, int count, const std::string& name) {
  const Image whole = decode_jpeg(bytes);
  for (const Crop& part : crops(whole, count)) {
    const Image found = decode_jpeg(bytes, at(part));
    EXPECT_EQ(found.width, part.width);
    EXPECT_TRUE(found.rgb == cut(whole, part).rgb)
        << name << ": " << part.width << " x " << part.height << " at " << part.x << ", " << part.y;
  }
}

TEST(JpegTest, APartHasThePixelsOfTheWholeImageInEveryFormOfFile) {
  for (const Form& form : kForms) expect_parts_equal(encoded(form), 60, form.name);
}

TEST(JpegTest, APartOfAPhotographHasItsPixels) {
  const char* photos = std::getenv("CAMSWEEP_PHOTOS");
  if (photos == nullptr) {
    GTEST_SKIP() << "CAMSWEEP_PHOTOS names no folder of photographs (scripts/test.sh --photos DIR)";
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(photos)) {
    if (entry.path().extension() == ".jpg") expect_parts_equal(read_file(entry.path()), 30, entry.path().filename());
  }
}

TEST(JpegTest, DamageAboveTheEndOfAPartIsFound) {
  std::string bytes = encoded(kForms[3]);
  bytes.resize(bytes.size() / 2);
  const Image whole = decode_jpeg(encoded(kForms[3]));

  EXPECT_THROW(decode_jpeg(bytes, at({0, whole.height - 40, whole.width, 40})), ImageError);
  EXPECT_EQ(decode_jpeg(bytes, at({10, 4, 40, 20})).rgb, cut(whole, {10, 4, 40, 20}).rgb);
}

}  // namespace
}  // namespace camsweep

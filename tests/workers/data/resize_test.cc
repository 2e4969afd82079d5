#include "workers/data/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "schemas/hash.h"
#include "workers/data/image.h"

// Sums of what Pillow 12.2 makes: make_resize_vectors.py writes them. Equal sums mean equal bytes, so no tolerance.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors = fs::path(CAMSWEEP_SOURCE_DIR) / "tests/workers/data";

// The same formula as in make_resize_vectors.py.
Image picture(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.rgb.push_back(
            static_cast<uint8_t>((7 * x * x + 13 * y * y + 3 * x * y + 31 * x + 17 * y + 85 * c) % 256));
      }
    }
  }
  return image;
}

std::string digest(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size()});
}

TEST(ResizeTest, EqualsPillowOnEveryStoredCase) {
  std::ifstream vectors(kVectors / "resize_vectors.txt");
  int cases = 0;
  int source_width, source_height, width, height;
  Crop crop;
  std::string filter, expected;

  while (vectors >> source_width >> source_height >> crop.x >> crop.y >> crop.width >> crop.height >> filter >> width >>
         height >> expected) {
    SCOPED_TRACE(testing::Message() << source_width << " x " << source_height << " to " << width << " x " << height
                                    << ", " << filter << ", crop at " << crop.x << ", " << crop.y);
    const Filter kind = filter == "bilinear" ? Filter::kBilinear : Filter::kBicubic;
    const Image resized = resize(picture(source_width, source_height), crop, width, height, kind);
    EXPECT_EQ(digest(resized), expected);
    ++cases;
  }

  EXPECT_EQ(cases, 34);
}

TEST(ResizeTest, PixelsOutsideTheCropHaveNoInfluence) {
  const Crop crop{.x = 5, .y = 4, .width = 9, .height = 8};
  const Image all = picture(20, 16);
  Image only_crop = all;
  for (int y = 0; y < all.height; ++y) {
    for (int x = 0; x < all.width; ++x) {
      const bool inside = x >= 5 && x < 14 && y >= 4 && y < 12;
      if (!inside) std::fill_n(only_crop.rgb.begin() + 3 * (y * all.width + x), 3, uint8_t{0});
    }
  }

  EXPECT_EQ(resize(only_crop, crop, 33, 17, Filter::kBicubic).rgb, resize(all, crop, 33, 17, Filter::kBicubic).rgb);
}

TEST(PhotographsTest, DecodingAndResizingEqualPillow) {
  const char* photos = std::getenv("CAMSWEEP_PHOTOS");
  if (photos == nullptr)
    GTEST_SKIP() << "CAMSWEEP_PHOTOS names no folder of photographs (scripts/test.sh --photos DIR)";
  std::ifstream vectors(kVectors / "photo_vectors.txt");
  int cases = 0;
  std::string name, decoded, bilinear_224, bicubic_96;
  int width, height;

  while (vectors >> name >> width >> height >> decoded >> bilinear_224 >> bicubic_96) {
    SCOPED_TRACE(name);
    const Image image = read_image(fs::path(photos) / "images" / name);
    EXPECT_EQ(image.width, width);
    EXPECT_EQ(image.height, height);
    EXPECT_EQ(digest(image), decoded);
    EXPECT_EQ(digest(resize(image, 224, 224, Filter::kBilinear)), bilinear_224);
    EXPECT_EQ(digest(resize(image, 96, 96, Filter::kBicubic)), bicubic_96);
    ++cases;
  }

  EXPECT_EQ(cases, 5);
}

}  // namespace
}  // namespace camsweep

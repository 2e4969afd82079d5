#include "workers/data/rand_augment.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "schemas/hash.h"
#include "workers/data/augmentation.h"
#include "workers/data/image_operations.h"

// Sums of what timm 1.0.31, torchvision 0.26 and Pillow 12.2 make: make_augmentation_vectors.py writes them. Equal sums
// mean equal bytes, so no tolerance.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors = fs::path(CAMSWEEP_SOURCE_DIR) / "tests/workers/data";
constexpr std::array<uint8_t, 3> kFill = {124, 116, 104};
constexpr size_t kDigits = 16;

// The same formulas as in make_augmentation_vectors.py.
Image picture(const std::string& kind, int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int value = (7 * x * x + 13 * y * y + 3 * x * y + 31 * x + 17 * y + 85 * c) % 256;
        image.rgb.push_back(static_cast<uint8_t>(kind == "dim" ? 64 + value / 4 : value));
      }
    }
  }
  return image;
}

std::string digest(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size()}).substr(0, kDigits);
}

Filter filter_of(const std::string& name) { return name == "bilinear" ? Filter::kBilinear : Filter::kBicubic; }

Image distorted(Image image, std::istream& line) {
  static const std::map<std::string, Operation> operations = [] {
    std::map<std::string, Operation> all;
    for (int i = 0; i < kOperations; ++i) {
      all.emplace(operation_name(static_cast<Operation>(i)), static_cast<Operation>(i));
    }
    return all;
  }();
  std::string name, filter;
  double level = 0;
  bool negative = false;
  line >> name >> level >> negative >> filter;
  const Operation operation = operations.at(name);
  distort(
      image,
      {.operation = operation, .argument = operation_argument(operation, level, negative), .filter = filter_of(filter)},
      kFill);
  return image;
}

Image jittered(Image image, std::istream& line) {
  std::string name;
  float factor = 0;
  line >> name >> factor;
  (name == "brightness" ? enhance_brightness : name == "contrast" ? enhance_contrast : enhance_color)(image, factor);
  return image;
}

Image centred(const Image& image, std::istream& line) {
  int side = 0;
  std::string filter;
  line >> side >> filter;
  return center_crop(image, side, filter_of(filter));
}

Image cropped(const Image& image, std::istream& line) {
  Crop crop;
  bool flip = false;
  line >> crop.x >> crop.y >> crop.width >> crop.height >> flip;
  Image part = resize(image, crop, 48, 48, Filter::kBicubic);
  if (flip) flip_horizontally(part);
  return part;
}

void expect_equal(const Image& image, std::istringstream line, const std::string& text) {
  std::string what, expected;
  line >> what;
  const Image made = what == "distort"  ? distorted(image, line)
                     : what == "jitter" ? jittered(image, line)
                     : what == "center" ? centred(image, line)
                                        : cropped(image, line);
  line >> expected;
  ASSERT_EQ(expected.size(), kDigits) << text;
  EXPECT_EQ(digest(made), expected) << text;
}

TEST(AugmentationVectorsTest, EqualTimmAndTorchvisionOnEveryStoredCase) {
  std::ifstream vectors(kVectors / "augmentation_vectors.txt");
  int cases = 0;
  for (std::string text; std::getline(vectors, text); ++cases) {
    std::istringstream line(text);
    std::string kind;
    int width = 0, height = 0;
    line >> kind >> width >> height;
    expect_equal(picture(kind, width, height), std::move(line), text);
  }

  EXPECT_EQ(cases, 2440);
}

TEST(AugmentationVectorsTest, EqualTimmAndTorchvisionOnPhotographs) {
  const char* photos = std::getenv("CAMSWEEP_PHOTOS");
  if (photos == nullptr)
    GTEST_SKIP() << "CAMSWEEP_PHOTOS names no folder of photographs (scripts/test.sh --photos DIR)";
  std::ifstream vectors(kVectors / "photo_augmentation_vectors.txt");
  std::string last;
  Image image;
  int cases = 0;
  for (std::string text; std::getline(vectors, text); ++cases) {
    std::istringstream line(text);
    std::string name;
    line >> name;
    if (name != last) image = read_image(fs::path(photos) / "images" / name);
    last = name;
    expect_equal(image, std::move(line), text);
  }

  EXPECT_EQ(cases, 445);
}

// The table of spec wsol_methods, 7.2, at level 9.
TEST(RandAugmentTest, ArgumentsAtLevelNineAreThoseOfThePolicy) {
  EXPECT_DOUBLE_EQ(operation_argument(Operation::kRotate, 9, false), 27);
  EXPECT_DOUBLE_EQ(operation_argument(Operation::kRotate, 9, true), -27);
  EXPECT_EQ(operation_argument(Operation::kPosterize, 9, false), 1);
  EXPECT_EQ(operation_argument(Operation::kPosterize, 10, false), 0);
  EXPECT_EQ(operation_argument(Operation::kSolarize, 9, false), 26);
  EXPECT_EQ(operation_argument(Operation::kSolarizeAdd, 9, false), 99);
  EXPECT_DOUBLE_EQ(operation_argument(Operation::kColor, 9, false), 1.81);
  EXPECT_NEAR(operation_argument(Operation::kSharpness, 9, true), 0.19, 1e-15);
  EXPECT_DOUBLE_EQ(operation_argument(Operation::kShearX, 9, true), -0.27);
  EXPECT_DOUBLE_EQ(operation_argument(Operation::kTranslateY, 9, false), 0.405);
}

// 10,000 draws: two layers, each applied with probability 1/2, 15 operations evenly, levels N(9, 0.5) clipped at 10,
// both signs; within five standard errors.
TEST(RandAugmentTest, DrawsFollowThePolicy) {
  constexpr int kDraws = 10'000;
  std::map<size_t, int> layers;
  std::array<int, kOperations> operations{};
  double rotations = 0, turns = 0, squares = 0, highest = 0;
  int positive = 0;
  for (int i = 0; i < kDraws; ++i) {
    Random random(9, Purpose::kAugmentation, 0, static_cast<uint64_t>(i));
    const std::vector<Distortion> drawn = draw_distortions({}, random);
    ++layers[drawn.size()];
    for (const Distortion& distortion : drawn) {
      ++operations[static_cast<size_t>(distortion.operation)];
      if (distortion.operation != Operation::kRotate) continue;
      const double level = std::abs(distortion.argument) / 3;
      ++rotations;
      turns += level;
      squares += level * level;
      highest = std::max(highest, level);
      positive += distortion.argument > 0;
    }
  }

  EXPECT_NEAR(layers[0], kDraws / 4, 217);
  EXPECT_NEAR(layers[1], kDraws / 2, 250);
  EXPECT_NEAR(layers[2], kDraws / 4, 217);
  for (const int count : operations) EXPECT_NEAR(count, kDraws / 15, 127);
  const double mean = turns / rotations;
  EXPECT_NEAR(mean, 8.996, 0.1);  // N(9, 0.5) less what is cut off at 10
  EXPECT_NEAR(std::sqrt(squares / rotations - mean * mean), 0.49, 0.07);
  EXPECT_LE(highest, 10);
  EXPECT_NEAR(positive, rotations / 2, 65);
}

}  // namespace
}  // namespace camsweep

#include "workers/data/backgrounds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "schemas/error.h"
#include "tests/workers/data/test_files.h"

namespace camsweep {
namespace {

void say_nothing(const std::string&) {}

// Brightness grows from 10 at the left edge to 240 at the right one: a pixel tells where it was.
Image ramp(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.rgb.insert(image.rgb.end(), 3, static_cast<uint8_t>(10 + 230 * x / width));
  }
  return image;
}

TEST(BackgroundsTest, FewerPhotographsThanSplitsAreCutIntoDisjointParts) {
  const TestFolder folder;
  write_png(folder.path() / "ramp.png", ramp(240, 80));
  const Backgrounds backgrounds(folder.path(), 32, {8, 2, 4}, /*seed=*/0, say_nothing);

  // A third of the picture each: 10 to 86, 86 to 163, 163 to 240.
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    const int part = static_cast<int>(split);
    for (uint64_t index = 0; index < 20; ++index) {
      Random random(0, Purpose::kCompose, static_cast<uint64_t>(part), index);
      const Image picture = backgrounds.draw(split, 32, random);
      const auto [low, high] = std::minmax_element(picture.rgb.begin(), picture.rgb.end());
      EXPECT_GE(*low, 10 + 230 * part / 3 - 2) << part;  // 2: bicubic overshoot and rounding
      EXPECT_LE(*high, 10 + 230 * (part + 1) / 3 + 2) << part;
    }
  }
}

TEST(BackgroundsTest, APictureInOneColourOrTooSmallIsSkipped) {
  const TestFolder folder;
  write_png(folder.path() / "flat.png", Image{.width = 64, .height = 64, .rgb = std::vector<uint8_t>(64 * 64 * 3, 7)});
  write_png(folder.path() / "tiny.png", ramp(40, 20));
  std::string said;

  const std::string refusal = message_of<ConfigError>([&] {
    Backgrounds(folder.path(), 32, {1, 0, 1}, /*seed=*/0, [&](const std::string& sentence) { said += sentence; });
  });

  EXPECT_NE(refusal.find("no photograph"), std::string::npos) << refusal;
  EXPECT_NE(said.find("flat.png: one flat colour"), std::string::npos) << said;
  EXPECT_NE(said.find("tiny.png: smaller than"), std::string::npos) << said;
}

}  // namespace
}  // namespace camsweep

#include "workers/data/compose.h"

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cmath>

#include <map>
#include <set>

#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "tests/workers/data/test_files.h"
#include "workers/data/random.h"
#include "workers/data/resize.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 64;

// Patches within 10 grey levels of `level`: any part of such a photograph tells which one it is, if levels are 30
// apart.
Image photograph(int level) {
  constexpr int kPatch = 20;
  Image image{.width = 160, .height = 120, .rgb = {}};
  Random grain(static_cast<uint64_t>(level), Purpose::kOrder, 0, 0);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      Random patch(static_cast<uint64_t>(level), Purpose::kSynth, static_cast<uint64_t>(x / kPatch),
                   static_cast<uint64_t>(y / kPatch));
      image.rgb.insert(image.rgb.end(), 3,
                       static_cast<uint8_t>(patch.integer(level - 10, level + 10) + grain.integer(-3, 3)));
    }
  }
  return image;
}

// A red ellipse that fills the middle half of a PNG with alpha; what is transparent hides pure green.
void write_cutout(const fs::path& file, int width, int height) {
  std::vector<uint8_t> rgba;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = (4.0 * x + 2) / width - 2;
      const double v = (4.0 * y + 2) / height - 2;
      const bool visible = u * u + v * v <= 1;
      for (const int value : {visible ? 230 : 0, visible ? 30 : 255, visible ? 30 : 0, visible ? 255 : 0}) {
        rgba.push_back(static_cast<uint8_t>(value));
      }
    }
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<uint32_t>(width);
  png.height = static_cast<uint32_t>(height);
  png.format = PNG_FORMAT_RGBA;
  ASSERT_NE(png_image_write_to_file(&png, file.c_str(), 0, rgba.data(), 0, nullptr), 0) << png.message;
}

// Two cut-outs and six photographs of brightness 40, 70, ..., 190.
class ComposeTest : public testing::Test {
 protected:
  ComposeTest() {
    options_ = {.cutouts = folder_.path() / "cutouts",
                .backgrounds = folder_.path() / "photographs",
                .out = folder_.path() / "out",
                .classes = 2,
                .train = 6,
                .val = 2,
                .test = 4,
                .side = kSide,
                .seed = 3};
    make_directories(options_.cutouts);
    make_directories(options_.backgrounds / "deep");
    write_cutout(options_.cutouts / "disc.png", 120, 120);
    write_cutout(options_.cutouts / "wing.png", 240, 80);
    for (int i = 0; i < 6; ++i) {
      const std::string place = i % 2 == 0 ? "" : "deep/";
      write_jpeg(options_.backgrounds / (place + std::to_string(i) + ".jpg"), photograph(40 + 30 * i), 95);
    }
  }

  Written run() {
    return compose(
        options_, [](size_t, size_t) {}, [this](const std::string& sentence) { said_ += sentence + "\n"; });
  }
  std::unique_ptr<Dataset> result() const { return load_dataset({{"kind", "wsol"}, {"root", options_.out.string()}}); }

  TestFolder folder_;
  ComposeOptions options_;
  std::string said_;
};

std::map<std::string, std::string> hashes(const fs::path& root) {
  std::map<std::string, std::string> sums;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) sums[fs::relative(entry.path(), root).string()] = sha256_file(entry.path());
  }
  return sums;
}

TEST_F(ComposeTest, CountsArePerClassAndClassesAreSortedByName) {
  EXPECT_EQ(run(), Written::kNew);

  const auto dataset = result();
  EXPECT_EQ(dataset->classes(), 2);
  EXPECT_EQ(dataset->samples(Split::kTrain).size(), 12u);
  EXPECT_EQ(dataset->samples(Split::kVal).size(), 4u);
  EXPECT_EQ(dataset->samples(Split::kTest).size(), 8u);
  EXPECT_TRUE(dataset->samples(Split::kTest).front().id.starts_with("disc/test_"));
  EXPECT_TRUE(dataset->samples(Split::kTest).back().id.starts_with("wing/test_"));
  EXPECT_EQ(dataset->samples(Split::kTest).back().label, 1);
}

TEST_F(ComposeTest, TheSameOptionsGiveTheSameBytesAndAnotherSeedOthers) {
  run();
  const auto first = hashes(options_.out);
  options_.out = folder_.path() / "again";
  run();
  const auto again = hashes(options_.out);
  options_.out = folder_.path() / "other";
  options_.seed = 4;
  run();
  const auto other = hashes(options_.out);

  EXPECT_EQ(again, first);
  EXPECT_EQ(other.size(), first.size());
  EXPECT_NE(other.at("images/disc/train_0000.jpg"), first.at("images/disc/train_0000.jpg"));
}

// A mask and its box must say the same, and both must lie where the red cut-out is seen.
TEST_F(ComposeTest, BoxesAreExact) {
  run();

  const auto dataset = result();
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    for (const Sample& sample : dataset->samples(split)) {
      const Image image = dataset->image(sample);
      const GrayImage mask = dataset->mask(sample.masks.at(0));
      Box of_mask{kSide, kSide, -1, -1};
      double inside = 0, outside = 0;
      int visible = 0;
      for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
          const size_t at = static_cast<size_t>(y) * kSide + x;
          const double redness = image.rgb[3 * at] - image.rgb[3 * at + 2];
          ASSERT_TRUE(mask.gray[at] == 0 || mask.gray[at] == 255);
          (mask.gray[at] == 255 ? inside : outside) += redness;
          if (mask.gray[at] == 0) continue;
          ++visible;
          of_mask = {std::min(of_mask.x0, x), std::min(of_mask.y0, y), std::max(of_mask.x1, x),
                     std::max(of_mask.y1, y)};
        }
      }
      EXPECT_EQ(sample.boxes, (std::vector<Box>{of_mask})) << sample.id;
      const double share = static_cast<double>(visible) / (kSide * kSide);
      EXPECT_GT(share, 0.05) << sample.id;  // of 8 %: edges of a small picture count by whole pixels
      EXPECT_LT(share, 0.55) << sample.id;
      EXPECT_GT(inside / visible, 150) << sample.id;
      EXPECT_LT(outside / (kSide * kSide - visible), 25) << sample.id;
    }
  }
}

// Resampling a cut-out must not let the colour of its transparent pixels through.
TEST_F(ComposeTest, EdgesHaveNoHaloOfHiddenPixels) {
  run();

  const auto dataset = result();
  for (const Sample& sample : dataset->samples(Split::kTrain)) {
    const Image image = dataset->image(sample);
    for (size_t at = 0; at < image.rgb.size(); at += 3) {
      const int greenness = image.rgb[at + 1] - std::max(image.rgb[at], image.rgb[at + 2]);
      ASSERT_LT(greenness, 40) << sample.id;  // what JPEG adds at an edge; a halo has 100 and more
    }
  }
}

TEST_F(ComposeTest, NoSplitShowsThePhotographsOfAnother) {
  options_.train = 40;
  options_.val = 10;
  options_.test = 20;
  run();

  const auto dataset = result();
  std::map<int, std::set<Split>> splits_of_photograph;
  for (const Split split : {Split::kTrain, Split::kVal, Split::kTest}) {
    for (const Sample& sample : dataset->samples(split)) {
      const Image image = dataset->image(sample);
      const GrayImage mask = dataset->mask(sample.masks.at(0));
      double sum = 0;
      int count = 0;
      for (size_t at = 0; at < mask.gray.size(); ++at) {
        if (mask.gray[at] != 0) continue;
        sum += image.rgb[3 * at + 1];
        ++count;
      }
      splits_of_photograph[static_cast<int>(std::lround((sum / count - 40) / 30))].insert(split);
    }
  }

  EXPECT_EQ(splits_of_photograph.size(), 6u);
  for (const auto& [number, splits] : splits_of_photograph) EXPECT_EQ(splits.size(), 1u) << number;
}

TEST_F(ComposeTest, ACompleteFolderIsLeftAsItIs) {
  run();
  const auto before = fs::last_write_time(options_.out / "compose.json");

  EXPECT_EQ(run(), Written::kAlreadyThere);
  EXPECT_EQ(fs::last_write_time(options_.out / "compose.json"), before);
}

TEST_F(ComposeTest, OtherOptionsForACompleteFolderAreRefused) {
  run();
  options_.side = 48;

  EXPECT_NE(message_of<ConfigError>([&] { run(); }).find("out"), std::string::npos);
}

TEST_F(ComposeTest, AForeignFolderIsNeverWrittenInto) {
  folder_.file("out/thesis.txt", "years of work");

  EXPECT_THROW(run(), ConfigError);
  EXPECT_EQ(read_file(folder_.path() / "out/thesis.txt"), "years of work");
}

TEST_F(ComposeTest, WhatAnInterruptedRunLeftIsNotTakenForResult) {
  folder_.file("out.partial/images/disc/train_0000.jpg", "half");

  EXPECT_EQ(run(), Written::kNew);
  EXPECT_FALSE(fs::exists(folder_.path() / "out.partial"));
  EXPECT_NO_THROW(read_image(options_.out / "images/disc/train_0000.jpg"));
}

TEST_F(ComposeTest, FewerCutoutsThanClassesAreRefused) {
  options_.classes = 3;

  EXPECT_NE(message_of<ConfigError>([&] { run(); }).find("2 PNG files"), std::string::npos);
  EXPECT_FALSE(fs::exists(options_.out));
}

TEST_F(ComposeTest, AnUnreadablePhotographIsSkippedAndNamed) {
  folder_.file("photographs/broken.jpg", "\xff\xd8\xff broken");

  EXPECT_EQ(run(), Written::kNew);
  EXPECT_NE(said_.find("broken.jpg"), std::string::npos) << said_;
}

// Else the same view would be in train and in test.
TEST_F(ComposeTest, TheSamePhotographInAnotherSizeIsUsedOnce) {
  const Image original = read_image(options_.backgrounds / "4.jpg");
  write_jpeg(options_.backgrounds / "4_small.jpg", resize(original, 80, 60, Filter::kBilinear), 90);

  run();

  EXPECT_NE(said_.find("4_small.jpg"), std::string::npos) << said_;
}

// A logo on white, as desktops have among their photographs.
TEST_F(ComposeTest, ADrawingIsNoBackground) {
  Image drawing{.width = 160, .height = 120, .rgb = std::vector<uint8_t>(size_t{3} * 160 * 120, 250)};
  std::fill_n(drawing.rgb.begin() + 3 * 160 * 40, 3 * 160 * 20, uint8_t{30});
  write_jpeg(options_.backgrounds / "logo.jpg", drawing, 90);

  run();

  EXPECT_NE(said_.find("logo.jpg: drawn"), std::string::npos) << said_;
}

TEST_F(ComposeTest, PngFilesAreBackgroundsOnlyWhereJpegIsRare) {
  write_png(options_.backgrounds / "wallpaper.png", photograph(220));

  run();
  const std::string with_six_jpegs = said_;
  for (const char* name : {"0.jpg", "2.jpg", "4.jpg"}) fs::remove(options_.backgrounds / name);
  options_.out = folder_.path() / "again";
  said_.clear();
  run();

  EXPECT_NE(with_six_jpegs.find("on 6 backgrounds"), std::string::npos) << with_six_jpegs;
  EXPECT_NE(said_.find("on 4 backgrounds"), std::string::npos) << said_;
}

TEST_F(ComposeTest, NoPhotographAtAllIsRefused) {
  options_.backgrounds = folder_.path() / "empty";
  make_directories(options_.backgrounds);

  EXPECT_NE(message_of<ConfigError>([&] { run(); }).find("empty"), std::string::npos);
  EXPECT_FALSE(fs::exists(options_.out));
}

}  // namespace
}  // namespace camsweep

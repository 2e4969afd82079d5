#include "workers/data/augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace camsweep {
namespace {

Random stream(uint64_t index) { return Random(1, Purpose::kAugmentation, 0, index); }

Image picture(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}};
  for (int i = 0; i < 3 * width * height; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 31));
  return image;
}

TEST(RandomResizedCropTest, StaysInsideAndCoversTheWholeRangeOfAreas) {
  constexpr int kCrops = 4000;
  constexpr int kWidth = 400;
  constexpr int kHeight = 300;
  double least = 1;
  double most = 0;
  double sum = 0;

  for (int i = 0; i < kCrops; ++i) {
    Random random = stream(i);
    const Crop crop = random_resized_crop(kWidth, kHeight, random);
    ASSERT_GE(std::min(crop.x, crop.y), 0);
    ASSERT_LE(crop.x + crop.width, kWidth);
    ASSERT_LE(crop.y + crop.height, kHeight);
    const double aspect = static_cast<double>(crop.width) / crop.height;
    ASSERT_GE(aspect, 0.75 * 0.97);  // sides are rounded: at most 3 % off at the least crop
    ASSERT_LE(aspect, 1.34 * 1.03);
    const double area = static_cast<double>(crop.width) * crop.height / (kWidth * kHeight);
    least = std::min(least, area);
    most = std::max(most, area);
    sum += area;
  }

  EXPECT_NEAR(least, 0.08, 0.005);
  EXPECT_GT(most, 0.97);
  // Two million crops by the same rule in NumPy: mean 0.4332, standard deviation 0.217. Five standard errors.
  EXPECT_NEAR(sum / kCrops, 0.4332, 0.017);
}

TEST(RandomResizedCropTest, AnExtremePictureGetsACentralCrop) {
  Random random = stream(0);

  const Crop crop = random_resized_crop(1000, 10, random);

  EXPECT_EQ(crop.height, 10);
  EXPECT_EQ(crop.width, 13);  // 4/3 of the height
  EXPECT_EQ(crop.x, 493);
}

TEST(RandomResizedCropTest, OnePixelIsEnough) {
  Random random = stream(0);

  const Crop crop = random_resized_crop(1, 1, random);

  EXPECT_EQ(crop.width, 1);
  EXPECT_EQ(crop.height, 1);
}

TEST(FlipTest, TurnsEachRowRound) {
  Image image{.width = 3, .height = 2, .rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}};

  flip_horizontally(image);

  EXPECT_EQ(image.rgb, (std::vector<uint8_t>{7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12}));
}

TEST(AugmentTest, FlipsHalfOfThePictures) {
  const Image image = picture(64, 64);
  constexpr int kPictures = 400;
  int flipped = 0;

  for (int i = 0; i < kPictures; ++i) {
    Random random = stream(i);
    Random same = stream(i);
    const Image seen = augment(image, 16, random);
    const Image crop = resize(image, random_resized_crop(64, 64, same), 16, 16, Filter::kBicubic);
    if (seen.rgb != crop.rgb) ++flipped;
  }

  EXPECT_NEAR(flipped, kPictures / 2, 50);  // 5 standard deviations of 400 fair tosses
}

TEST(AugmentTest, TheSameStreamGivesTheSamePicture) {
  const Image image = picture(50, 40);
  Random first = stream(7);
  Random second = stream(7);
  Random other = stream(8);

  const Image seen = augment(image, 24, first);

  EXPECT_EQ(augment(image, 24, second).rgb, seen.rgb);
  EXPECT_NE(augment(image, 24, other).rgb, seen.rgb);
}

TEST(WarpTest, ShowsTheWholePicture) {
  const Image image = picture(50, 40);

  EXPECT_EQ(warp(image, 24).rgb, resize(image, 24, 24, Filter::kBilinear).rgb);
}

TEST(RandomTest, StreamsOfOtherPurposesEpochsAndSamplesDiffer) {
  std::set<uint64_t> firsts;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (const Purpose purpose : {Purpose::kOrder, Purpose::kAugmentation, Purpose::kCompose, Purpose::kSynth}) {
      for (uint64_t epoch = 0; epoch < 8; ++epoch) {
        for (uint64_t index = 0; index < 64; ++index) firsts.insert(Random(seed, purpose, epoch, index).next());
      }
    }
  }

  EXPECT_EQ(firsts.size(), size_t{4} * 4 * 8 * 64);
}

TEST(RandomTest, IntegersReachBothEndsEvenly) {
  Random random = stream(0);
  constexpr int kDraws = 60'000;
  std::array<int, 6> counts{};

  for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<size_t>(random.integer(-2, 3) + 2));

  for (const int count : counts) EXPECT_NEAR(count, kDraws / 6, 500);  // 5.5 standard deviations
}

TEST(RandomTest, UniformNumbersFillTheUnitInterval) {
  Random random = stream(0);
  double least = 1;
  double most = 0;
  double sum = 0;

  for (int i = 0; i < 100'000; ++i) {
    const double value = random.uniform();
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
  }

  EXPECT_GE(least, 0);
  EXPECT_LT(least, 1e-3);
  EXPECT_GT(most, 1 - 1e-3);
  EXPECT_LT(most, 1);
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);  // 5.5 standard deviations
}

}  // namespace
}  // namespace camsweep

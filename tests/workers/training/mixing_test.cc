#include "workers/training/mixing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace camsweep {
namespace {

constexpr int kDraws = 10'000;

Random stream(uint64_t index) { return Random(5, Purpose::kMixing, 0, index); }

Mix draw(const MixingOptions& options, uint64_t index, int64_t count = 4) {
  Random random = stream(index);
  return draw_mix(options, count, 32, 48, random);
}

TEST(CutMixTest, BoxesAreThoseOfBothReleasesOfTimm) {
  // By hand: sqrt(1 - 0.75) = 0.5, so 16 of 32 rows and 24 of 48 columns; sqrt(1 - 0.7) = 0.5477: 17 and 26.
  const CutBox inside = cutmix_box(32, 48, 0.75, 16, 24, false);
  EXPECT_EQ(inside.top, 8);
  EXPECT_EQ(inside.bottom, 24);
  EXPECT_EQ(inside.left, 12);
  EXPECT_EQ(inside.right, 36);
  const CutBox floor = cutmix_box(32, 48, 0.7, 16, 24, false);
  EXPECT_EQ(floor.top, 8);
  EXPECT_EQ(floor.bottom, 24);  // 16 + 17 / 2
  const CutBox ceil = cutmix_box(32, 48, 0.7, 16, 24, true);
  EXPECT_EQ(ceil.bottom, 25);
  const CutBox clipped = cutmix_box(32, 48, 0.75, 0, 47, false);
  EXPECT_EQ(clipped.top, 0);
  EXPECT_EQ(clipped.bottom, 8);
  EXPECT_EQ(clipped.left, 35);
  EXPECT_EQ(clipped.right, 48);
}

TEST(CutMixTest, LambdaIsTheShareThatIsKept) {
  const at::Tensor images = at::arange(4).to(at::kFloat).view({4, 1, 1, 1}).expand({4, 3, 32, 48}).contiguous();
  for (uint64_t i = 0; i < 50; ++i) {
    const Mix mix = draw({.cutmix = 1}, i);
    const at::Tensor mixed = mix_images(images, mix);
    if (!mix.is_mixed()) continue;
    const double kept = mixed[0].eq(0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(kept, mix.lambda, 1e-12);
    EXPECT_EQ(mixed[0].max().item<float>(), 3);  // image 0's partner is the last
  }
}

TEST(MixupTest, ImagesAreBlendedWithTheBatchReversed) {
  const at::Tensor images = at::arange(4).to(at::kFloat).view({4, 1, 1, 1}).expand({4, 3, 2, 2}).contiguous();
  const Mix mix = draw({.mixup = 0.8}, 3);

  const at::Tensor mixed = mix_images(images, mix);

  ASSERT_TRUE(mix.is_mixed());
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(mixed[i][0][0][0].item<double>(), mix.lambda * i + (1 - mix.lambda) * (3 - i), 1e-6);
  }
}

// Of 10,000 draws: shares and moments of the distributions that the options name, within five standard errors.
TEST(DrawMixTest, FollowsItsDistributions) {
  int cutmix = 0;
  double sum = 0;
  double squares = 0;
  int mixups = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const Mix mix = draw({.mixup = 0.8, .cutmix = 1}, i);
    cutmix += mix.is_cutmix;
    if (mix.is_cutmix) continue;
    ++mixups;
    sum += mix.lambda;
    squares += mix.lambda * mix.lambda;
  }
  EXPECT_NEAR(cutmix, kDraws / 2, 250);
  const double mean = sum / mixups;
  EXPECT_NEAR(mean, 0.5, 0.022);                                 // Beta(0.8, 0.8): deviation 0.31
  EXPECT_NEAR(squares / mixups - mean * mean, 1 / 10.4, 0.006);  // variance 1 / (4 (2 * 0.8 + 1))
}

TEST(DrawMixTest, ProbabilityLeavesBatchesAsTheyAre) {
  int mixed = 0;
  for (uint64_t i = 0; i < kDraws; ++i) mixed += draw({.mixup = 0.2, .probability = 0.25}, i).is_mixed();

  EXPECT_NEAR(mixed, kDraws / 4, 220);
}

TEST(DrawMixTest, ShuffledPairsAreAPermutation) {
  const Mix mix = draw({.cutmix = 1, .shuffled_pairs = true}, 1, 16);

  EXPECT_TRUE(at::equal(std::get<0>(mix.partner.sort()), at::arange(16)));
  EXPECT_FALSE(at::equal(mix.partner, at::arange(16).flip(0)));
}

TEST(DrawMixTest, NothingIsMixedByDefault) { EXPECT_FALSE(draw({}, 0).is_mixed()); }

}  // namespace
}  // namespace camsweep

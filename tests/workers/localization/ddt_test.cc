#include "workers/localization/ddt.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace camsweep {
namespace {

// Maps of an object at the centre, whose channels rise along `pattern`, on noise.
at::Tensor class_images(const at::Tensor& pattern, int64_t count) {
  at::manual_seed(9);
  at::Tensor maps = 0.1 * at::randn({count, pattern.size(0), 6, 6}, at::kDouble) + 1;
  maps.slice(2, 2, 4).slice(3, 2, 4) += pattern.view({1, -1, 1, 1});
  return maps;
}

const at::Tensor kPattern = at::tensor({3., 0., -2., 1.}, at::kDouble);

TEST(DdtTest, TheDirectionIsWhatTheClassesImagesShareAndLowOnTheirFrame) {
  const at::Tensor maps = class_images(kPattern, 12);
  DescriptorSums sums(4);
  sums.add(maps);

  const ClassDirection of = sums.direction();

  EXPECT_NEAR(of.direction.dot(kPattern / kPattern.norm()).item<double>(), 1, 1e-2);  // noise of 0.1 beside 3.7
  const at::Tensor map = ddt_map(maps[0], of);
  EXPECT_GT(map[2][3].item<double>(), 0);
  EXPECT_LT(map[0][0].item<double>(), 0);
}

TEST(DdtTest, IsTheLeadingEigenvectorOfTheCovarianceOfAllDescriptors) {
  const at::Tensor maps = class_images(kPattern, 5);
  DescriptorSums sums(4);
  sums.add(maps);

  const ClassDirection of = sums.direction();

  const at::Tensor rows = maps.permute({0, 2, 3, 1}).reshape({-1, 4});
  const at::Tensor centred = rows - rows.mean(0, true);
  const at::Tensor leading = std::get<1>(at::linalg_eigh(centred.t().mm(centred))).select(1, -1);
  EXPECT_TRUE(at::allclose(of.mean, rows.mean(0), 1e-12, 1e-12));
  EXPECT_NEAR(std::abs(leading.dot(of.direction).item<double>()), 1, 1e-9);
}

TEST(DdtTest, SumsOfRanksAreTheSumsOfAllImages) {
  const at::Tensor maps = class_images(kPattern, 6);
  DescriptorSums whole(4), first(4), second(4), merged(4);
  whole.add(maps);
  first.add(maps.slice(0, 0, 2));
  second.add(maps.slice(0, 2, 6));

  merged.add_bytes(first.bytes());
  merged.add_bytes(second.bytes());

  EXPECT_TRUE(at::allclose(merged.direction().direction, whole.direction().direction, 1e-9, 1e-12));
}

// Their covariance is what rounding leaves: below zero as often as above.
TEST(DdtTest, DescriptorsThatAreAllOneHaveNoDirection) {
  for (const double value : {0.1, 0.7, 1e6}) {
    DescriptorSums sums(4);
    sums.add(at::full({3, 4, 1, 1}, value, at::kDouble));

    EXPECT_FALSE(sums.direction().direction.defined()) << value;
  }
}

TEST(DdtTest, AClassWithoutImagesHasAMapOfZeros) {
  const ClassDirection none = DescriptorSums(4).direction();

  EXPECT_TRUE(at::equal(ddt_map(at::ones({4, 3, 3}, at::kDouble), none), at::zeros({3, 3}, at::kDouble)));
}

}  // namespace
}  // namespace camsweep

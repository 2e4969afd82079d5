#include "workers/training/sparse_training.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "schemas/backbone_catalog.h"

namespace camsweep {
namespace {

NamedTensor parameter(const std::string& name, at::Tensor value, const at::Tensor& gradient) {
  value.requires_grad_(true);
  value.mutable_grad() = gradient;
  return {name, value};
}

TEST(SparseOptionsTest, PruningFallsToFivePerMilleByACosine) {
  const SparseOptions options{.prune = 0.5};

  EXPECT_DOUBLE_EQ(options.prune_at(0, 1000), 0.5);
  EXPECT_NEAR(options.prune_at(500, 1000), 0.2525, 1e-12);
  EXPECT_NEAR(options.prune_at(1000, 1000), 0.005, 1e-12);
}

TEST(SnipTest, DensitiesAreTheSharesOfTheLargestProducts) {
  // |w g|: 1, 2, 3, 4 and 10, 20: the upper half of the six are 4, 10 and 20.
  const NamedTensor first =
      parameter("a", at::tensor({1.0, 2.0, 3.0, 4.0}).view({2, 2}), at::ones({2, 2}).to(at::kDouble));
  const NamedTensor second = parameter("b", at::tensor({-1.0, 2.0}).view({1, 2}), at::full({1, 2}, 10.0, at::kDouble));
  const NamedTensor bias = parameter("c", at::ones({4}), at::full({4}, 100.0));

  const std::vector<double> densities = snip_densities({first, second, bias}, 0.5);

  EXPECT_EQ(densities, (std::vector<double>{0.25, 1.0}));
}

TEST(SparseMaskTest, RandomZerosHaveTheirDensitiesAndDenseLayersNone) {
  const auto backbone = make_backbone(find_backbone("replknet_nano"), {.classes = 3});
  backbone->initialize(0);
  std::vector<double> densities;
  for (const NamedTensor& entry : backbone->parameters()) {
    if (is_maskable(entry)) densities.push_back(densities.empty() ? 0.995 : 0.6);
  }

  const SparseMask mask(*backbone, densities, 3);

  EXPECT_EQ(mask.masked().size(), densities.size() - 1);
  const double zeros = static_cast<double>(mask.zeros()) / static_cast<double>(mask.maskable());
  EXPECT_NEAR(zeros, 0.4, 0.01);
}

TEST(SparseMaskTest, AnExchangeDropsTheSmallestAndKeepsTheCountOnAverage) {
  const auto backbone = make_backbone(find_backbone("replknet_nano"), {.classes = 3});
  backbone->initialize(0);
  std::vector<double> densities;
  for (const NamedTensor& entry : backbone->parameters()) {
    if (is_maskable(entry)) densities.push_back(0.6);
  }
  SparseMask mask(*backbone, densities, 3);
  const int64_t zeros = mask.zeros();
  const SparseMask::Masked before = mask.masked()[4];
  const at::Tensor values = before.parameter.clone();
  const at::Tensor kept = before.kept.clone();

  mask.exchange(0.3, 3, 1);

  const SparseMask::Masked& after = mask.masked()[4];
  const at::Tensor dropped = kept.logical_and((after.kept.logical_and(after.grown.logical_not())).logical_not());
  const at::Tensor stayed = after.kept.logical_and(after.grown.logical_not());
  EXPECT_LE(values.masked_select(dropped).abs().max().item<float>(),
            values.masked_select(stayed).abs().min().item<float>());
  EXPECT_NEAR(dropped.sum().item<double>(), 0.3 * kept.sum().item<double>(), 1);
  EXPECT_EQ(after.parameter.masked_select(after.grown).abs().sum().item<float>(), 0);
  EXPECT_NEAR(static_cast<double>(mask.zeros()), static_cast<double>(zeros), 0.02 * static_cast<double>(zeros));
}

}  // namespace
}  // namespace camsweep

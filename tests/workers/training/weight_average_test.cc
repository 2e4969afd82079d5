#include "workers/training/weight_average.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "schemas/backbone_catalog.h"

namespace camsweep {
namespace {

std::unique_ptr<Backbone> network() {
  auto made = make_backbone(find_backbone("replknet_nano"), {.classes = 3});
  made->initialize(0);
  return made;
}

at::Tensor entry(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& named : tensors) {
    if (named.name == name) return named.tensor;
  }
  return {};
}

void fill(const Backbone& backbone, double value) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& named : backbone.state()) at::Tensor(named.tensor).fill_(value);
}

TEST(WeightAverageTest, ThreeUpdatesEqualTheHandComputedOnes) {
  const auto backbone = network();
  fill(*backbone, 1);
  WeightAverage average(*backbone, 0.9);

  for (const double value : {2.0, 4.0, 3.0}) {
    fill(*backbone, value);
    average.update();
  }

  // 1 -> 1.1 -> 1.39 -> 1.551
  EXPECT_NEAR(entry(average.tensors(), "ema.head.weight")[0][0].item<double>(), 1.551, 1e-6);
  EXPECT_NEAR(entry(average.tensors(), "ema.norm.running_var")[0].item<double>(), 1.551, 1e-6);
  EXPECT_EQ(entry(average.tensors(), "ema.norm.num_batches_tracked").item<int64_t>(), 3);
}

TEST(WeightAverageTest, ExchangeTwiceLeavesBothAsTheyWere) {
  const auto backbone = network();
  fill(*backbone, 1);
  WeightAverage average(*backbone, 0.5);
  fill(*backbone, 3);
  average.update();

  average.exchange();
  EXPECT_EQ(entry(backbone->state(), "head.bias")[0].item<float>(), 2);
  average.exchange();

  EXPECT_EQ(entry(backbone->state(), "head.bias")[0].item<float>(), 3);
  EXPECT_EQ(entry(average.tensors(), "ema.head.bias")[0].item<float>(), 2);
}

TEST(WeightAverageTest, FollowsWhatSparseTrainingDropsAndRegrows) {
  const auto backbone = network();
  size_t maskable = 0;
  for (const NamedTensor& parameter : backbone->parameters()) maskable += is_maskable(parameter);
  SparseMask mask(*backbone, std::vector<double>(maskable, 0.5), 1);
  WeightAverage average(*backbone, 0.5);
  for (const NamedTensor& named : average.tensors()) {
    if (named.tensor.is_floating_point()) named.tensor.fill_(7);
  }

  mask.exchange(0.3, 1, 1);
  average.follow(mask);

  const SparseMask::Masked& masked = mask.masked().back();
  const at::Tensor followed = entry(average.tensors(), "ema." + masked.name);
  EXPECT_EQ(followed.masked_select(masked.kept.logical_not()).abs().sum().item<float>(), 0);
  EXPECT_EQ(followed.masked_select(masked.grown).abs().sum().item<float>(), 0);  // the network's, which are new
  const at::Tensor stayed = masked.kept.logical_and(masked.grown.logical_not());
  EXPECT_TRUE(followed.masked_select(stayed).eq(7).all().item<bool>());
}

}  // namespace
}  // namespace camsweep

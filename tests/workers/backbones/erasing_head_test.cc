#include "workers/backbones/erasing_head.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <limits>

#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kFloat).flatten().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

BackboneOptions erasing(ErasingOptions options, int classes) { return {.classes = classes, .erasing = options}; }

// A head of one channel whose hidden convolutions pass positive values on; class k of the first classifier multiplies
// them by 1 + k, of the second by 10 * (1 + k).
ErasingHead passing_head(TensorRegistry& registry, double threshold) {
  const at::NoGradGuard no_grad;
  ErasingHead head(registry, {.channels = 1}, erasing({.threshold = threshold, .channels = 1}, 2));
  for (const NamedTensor& entry : registry.parameters()) {
    at::Tensor tensor = entry.tensor;
    tensor.zero_();
    if (entry.name.ends_with(".0.weight") || entry.name.ends_with(".2.weight")) tensor[0][0][1][1] = 1;
  }
  for (const NamedTensor& entry : registry.parameters()) {
    if (!entry.name.ends_with(".4.weight")) continue;
    const float scale = entry.name == ErasingHead::kClassifier ? 1 : 10;
    at::Tensor(entry.tensor).copy_(at::tensor({scale, 2 * scale}).view({2, 1, 1, 1}));
  }
  return head;
}

TEST(ErasingHeadTest, TheSecondClassifierSeesWhatTheFirstLeavesOfTheLabel) {
  const at::NoGradGuard no_grad;
  TensorRegistry registry;
  const ErasingHead head = passing_head(registry, 0.5);
  const at::Tensor features = at::tensor({2.0F, 3.0F, 4.0F, 6.0F}).view({1, 1, 2, 2});  // stretched 0, 0.25, 0.5, 1

  const ErasingHead::Branches found = head.branches(features, at::ones({1}, at::kLong), {});

  EXPECT_EQ(values_of(found.logits), (std::vector<float>{3.75, 7.5}));
  EXPECT_EQ(values_of(found.map), (std::vector<float>{4, 6, 8, 12}));
  EXPECT_EQ(values_of(found.erased_map), (std::vector<float>{40, 60, 0, 0}));  // what reaches 0.5 is gone
  EXPECT_EQ(values_of(found.erased_logits), (std::vector<float>{12.5, 25}));
  EXPECT_EQ(values_of(head(features, {})), values_of(found.logits));
}

TEST(ErasingHeadTest, AConstantMapStretchesToZeroAndIsErasedNowhere) {
  const at::NoGradGuard no_grad;
  TensorRegistry registry;
  const ErasingHead head = passing_head(registry, 0.5);

  const auto found = head.branches(at::full({1, 1, 2, 2}, 3.0F), at::zeros({1}, at::kLong), {});

  EXPECT_EQ(values_of(stretched(found.map)), (std::vector<float>(4, 0)));
  EXPECT_EQ(values_of(found.erased_map), (std::vector<float>(4, 30)));
}

TEST(ErasingHeadTest, StandsInTheFamiliesOwnHeadsPlaceAndIsTheLastLayerGroup) {
  for (const char* name : {"resnet18", "vgg16", "vgg16_gap", "convnext_atto", "replknet_nano"}) {
    const auto network = make_backbone(find_backbone(name), erasing({.channels = 4}, 3));
    const std::vector<NamedTensor> parameters = network->parameters();
    const LayerGroups layers = network->layer_groups();

    EXPECT_EQ(network->head_form(), HeadForm::kErasing) << name;
    int of_head = 0;
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i].name.starts_with(ErasingHead::kPrefix)) continue;
      ++of_head;
      EXPECT_EQ(layers.group[i], layers.count - 1) << name;
    }
    EXPECT_EQ(of_head, 12) << name;  // weight and bias of three convolutions, twice
  }
}

TEST(ErasingHeadTest, FoldedNetworksHaveTheSameLogits) {
  const at::NoGradGuard no_grad;
  const auto trained = make_backbone(find_backbone("replknet_nano"), erasing({.channels = 8}, 3));
  trained->initialize(1);
  const auto folded = to_form(*trained, Form::kFolded);
  const at::Tensor images = fixture_input(1, 64);

  const at::Tensor expected = trained->classify(trained->features(images, {}), {});

  // Float32 sums in another order.
  EXPECT_TRUE(at::allclose(folded->classify(folded->features(images, {}), {}), expected, 1e-4, 1e-5));
}

}  // namespace
}  // namespace camsweep

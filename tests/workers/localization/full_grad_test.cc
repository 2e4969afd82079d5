#include "workers/localization/full_grad.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace camsweep {
namespace {

std::unique_ptr<Backbone> in_double(const std::string& name) {
  auto backbone = make_backbone(find_backbone(name), {.classes = 5});
  fill_fixture(*backbone);
  for (const NamedTensor& entry : backbone->state()) {
    at::Tensor tensor = entry.tensor;
    if (tensor.is_floating_point()) tensor.set_data(tensor.to(at::kDouble));
  }
  return backbone;
}

double sum(const FullGradient& parts) {
  double total = parts.input.sum().item<double>();
  for (const at::Tensor& part : parts.biases) total += part.sum().item<double>();
  return total;
}

// Equation 3 of the paper: a network of ReLUs is linear around every image, so that nothing is left over.
TEST(FullGradTest, InputAndBiasesOfReluNetworksAddUpToTheLogit) {
  for (const char* name : {"resnet18", "resnet50", "densenet121", "vgg16_gap", "googlenet_gap"}) {
    const auto backbone = in_double(name);
    const at::Tensor image = fixture_input(1, 64).to(at::kDouble);

    const FullGradient parts = full_gradient(*backbone, image, 3);

    const double logit = backbone->classify(backbone->features(image, {}), {})[0][3].item<double>();
    const double constant = backbone->exact_cam_constant(3);
    EXPECT_NEAR(sum(parts) + constant, logit, 1e-9 * std::abs(logit)) << name;
  }
}

TEST(FullGradTest, EveryLayerWithABiasAndPositionsHasAPart) {
  const auto backbone = in_double("convnext_atto");

  const FullGradient parts = full_gradient(*backbone, fixture_input(1, 64).to(at::kDouble), 0);

  // Stem and 3 downsamplings with a norm and a convolution each; 12 blocks with a depthwise convolution, a norm and two
  // linear layers. The last two linear stages of 2 x 2 positions count as well.
  EXPECT_EQ(parts.biases.size(), 4u * 2 + 12 * 4);
  for (const at::Tensor& part : parts.biases) EXPECT_EQ(part.size(1), part.size(2));
}

TEST(FullGradTest, TheMapSpansTheInputAndParametersAreLeftAsTheyWere) {
  const auto backbone = in_double("replknet_nano");

  const at::Tensor map = full_grad_map(full_gradient(*backbone, fixture_input(1, 64).to(at::kDouble), 2));

  EXPECT_EQ(map.sizes(), at::IntArrayRef({64, 64}));
  EXPECT_GE(map.min().item<double>(), 0);
  EXPECT_GT(map.max().item<double>(), 0);
  for (const NamedTensor& parameter : backbone->parameters()) {
    EXPECT_FALSE(parameter.tensor.requires_grad());
    EXPECT_FALSE(parameter.tensor.grad().defined());
  }
}

}  // namespace
}  // namespace camsweep

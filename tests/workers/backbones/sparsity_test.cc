#include "workers/backbones/sparsity.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace camsweep {
namespace {

BackboneVariant narrow_slak() {
  return find_backbone(
      "narrow",
      {{"narrow",
        {{"base", "slak_tiny_51"}, {"depths", {1, 1, 1, 1}}, {"widths", {8, 8, 16, 16}}, {"kernels", {9, 9, 7, 7}}}}});
}

at::Tensor tensor_named(const Backbone& backbone, const std::string& name) {
  for (const NamedTensor& entry : backbone.state()) {
    if (entry.name == name) return entry.tensor;
  }
  return {};
}

TEST(SparseMaskTest, ZerosOfMatricesAndKernelsAreKeptAndNothingElse) {
  const at::NoGradGuard no_grad;
  const auto backbone = make_backbone(narrow_slak(), {.classes = 3});
  fill_fixture(*backbone);
  at::Tensor matrix = tensor_named(*backbone, "stages.0.0.pwconv1.weight");
  at::Tensor kernel = tensor_named(*backbone, "stages.1.0.large_kernel.LoRA1.conv.weight");
  at::Tensor bias = tensor_named(*backbone, "stages.0.0.pwconv1.bias");
  matrix.select(0, 0).zero_();
  kernel.select(0, 1).zero_();
  bias.zero_();
  at::Tensor nearly_dense = tensor_named(*backbone, "stages.3.0.pwconv1.weight");
  nearly_dense.flatten()[0] = 0;

  const SparseMask mask(*backbone);
  for (const NamedTensor& entry : backbone->parameters()) at::Tensor(entry.tensor).add_(1);
  mask.apply();

  EXPECT_EQ(mask.zeros(), 8 + 9 * 5);
  EXPECT_EQ(matrix.eq(0).sum().item<int64_t>(), 8);
  EXPECT_EQ(matrix.select(0, 0).abs().sum().item<float>(), 0);
  EXPECT_EQ(kernel.select(0, 1).abs().sum().item<float>(), 0);
  EXPECT_EQ(bias.eq(0).sum().item<int64_t>(), 0);
  EXPECT_EQ(nearly_dense.eq(0).sum().item<int64_t>(), 0);
}

TEST(SparseMaskTest, ADenseNetworkHasNoMask) {
  const auto backbone = make_backbone(narrow_slak(), {.classes = 3});
  fill_fixture(*backbone);

  const SparseMask mask(*backbone);

  EXPECT_EQ(mask.zeros(), 0);
  EXPECT_GT(mask.maskable(), 0);
}

}  // namespace
}  // namespace camsweep

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "schemas/error.h"
#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

TEST(SignalCnnTest, TheMapIsHalfAsLongAsTheSignalAndItsMeanGivesTheLogits) {
  const at::NoGradGuard no_grad;
  const auto backbone = make_backbone(find_backbone("signal_cnn"), {.classes = 2});
  backbone->initialize(3);
  at::manual_seed(1);
  const at::Tensor signals = at::randn({4, 1, 100, 1});

  const at::Tensor maps = backbone->features(signals, {});
  const at::Tensor logits = backbone->classify(maps, {});

  ASSERT_EQ(maps.sizes(), at::IntArrayRef({4, 256, 50, 1}));
  for (int64_t label = 0; label < 2; ++label) {
    const at::Tensor cam = at::einsum("nklw,k->nlw", {maps, backbone->classifier_weight()[label]});
    const at::Tensor mean = cam.mean({1, 2}) + backbone->exact_cam_constant(label);
    EXPECT_TRUE(at::allclose(mean, logits.select(1, label), 1e-5, 1e-6));
  }
}

// 1 x 64 x 9 + 64, 64 x 128 x 9 + 128, 128 x 128 x 5 + 128, 128 x 256 x 5 + 256, 256 x 1000 + 1000.
TEST(SignalCnnTest, HasTheProtocolsLayers) {
  const auto backbone = make_backbone(find_backbone("signal_cnn"), {});
  int64_t parameters = 0;
  for (const NamedTensor& entry : backbone->parameters()) parameters += entry.tensor.numel();

  EXPECT_EQ(parameters, 640 + 73'856 + 82'048 + 164'096 + 257'000);
  EXPECT_EQ(find_in_catalog("signal_cnn")->parameters, parameters);
  EXPECT_EQ(find_in_catalog("signal_cnn")->map_side, 112);
}

TEST(SignalCnnTest, ShorterSignalsThanItsKernelsAreRefused) {
  const auto backbone = make_backbone(find_backbone("signal_cnn"), {.classes = 2});

  EXPECT_THROW(backbone->features(at::zeros({1, 1, 7, 1}), {}), ConfigError);
}

}  // namespace
}  // namespace camsweep

#include "workers/localization/score_cam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>

namespace camsweep {
namespace {

class ScoreCamTest : public testing::Test {
 protected:
  ScoreCamTest() : backbone_(make_backbone(find_backbone("replknet_nano"), {.classes = 3})) {
    backbone_->initialize(1);
    at::manual_seed(2);
    image_ = at::randn({1, 3, 64, 64});
    layer_ = at::rand({1, 5, 4, 4});
  }

  double logit(const at::Tensor& mask) {
    return backbone_->classify(backbone_->features(image_ * mask, {}), {})[0][1].item<double>();
  }

  at::Tensor mask(int64_t channel) const {
    const at::Tensor large = at::upsample_bilinear2d(layer_.narrow(1, channel, 1), {64, 64}, /*align_corners=*/false);
    return (large - large.min()) / (large.max() - large.min());
  }

  std::unique_ptr<Backbone> backbone_;
  at::Tensor image_;
  at::Tensor layer_;
};

TEST_F(ScoreCamTest, ChannelsAreWeightedByTheSoftmaxOfMaskedLogits) {
  const at::Tensor map = score_cam(*backbone_, image_, layer_, at::ones({5}, at::kDouble), 1, /*count=*/0);

  std::vector<double> logits;
  for (int64_t k = 0; k < 5; ++k) logits.push_back(logit(mask(k)));
  const at::Tensor weights = at::softmax(at::tensor(logits, at::kDouble), 0);
  const at::Tensor expected = (weights.view({5, 1, 1}) * layer_[0].to(at::kDouble)).sum(0);
  EXPECT_TRUE(at::allclose(map, expected, 1e-5, 1e-6));  // float32 passes in batches
}

TEST_F(ScoreCamTest, TheMostImportantChannelsThatAreNotConstantAreUsed) {
  layer_[0][3].fill_(0.5);
  const at::Tensor importance = at::tensor({0., 2., 1., 9., 3.}, at::kDouble);

  const at::Tensor map = score_cam(*backbone_, image_, layer_, importance, 1, /*count=*/1);

  EXPECT_TRUE(at::allclose(map, layer_[0][4].to(at::kDouble)));
}

TEST_F(ScoreCamTest, ConstantChannelsAloneGiveZeros) {
  const at::Tensor map = score_cam(*backbone_, image_, at::ones({1, 5, 4, 4}), at::ones({5}, at::kDouble), 1, 0);

  EXPECT_TRUE(at::equal(map, at::zeros({4, 4}, at::kDouble)));
}

}  // namespace
}  // namespace camsweep

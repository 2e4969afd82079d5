#include "workers/localization/channel_weights.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <memory>

#include "schemas/error.h"
#include "workers/localization/component_maps.h"
#include "workers/localization/gradient_maps.h"
#include "workers/localization/map_pass.h"
#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

constexpr int kClasses = 3;
constexpr int64_t kPositions = 6;  // 2 x 3

bool is_head_key(const std::string& key) {
  for (const char* prefix : {"fc.", "head.", "norm.", "classifier.", "SPG_A4."}) {
    if (key.starts_with(prefix)) return true;
  }
  return false;
}

// A network whose head computes in double, of random weights; its trunk is not touched.
std::unique_ptr<Backbone> with_double_head(const BackboneVariant& variant, HeadKind head) {
  std::unique_ptr<Backbone> backbone = make_backbone(variant, {.classes = kClasses, .head = head});
  for (const NamedTensor& entry : backbone->state()) {
    if (!is_head_key(entry.name) || !entry.tensor.is_floating_point()) continue;
    at::Tensor tensor = entry.tensor;
    const at::Tensor values = at::randn(tensor.sizes(), at::kDouble);
    tensor.set_data(entry.name.ends_with("running_var") ? values.abs() + 0.5 : values);
  }
  return backbone;
}

struct LastMap {
  at::Tensor features;  // (K, h, w)
  at::Tensor gradient;  // of the class's logit
  ClassScore score;
};

LastMap last_map(Backbone& backbone, int64_t label) {
  const int64_t channels = backbone.classifier_weight().size(1);
  MapPass pass;
  const at::Tensor leaf = (at::randn({1, channels, 2, 3}, at::kDouble) + 0.3).requires_grad_(true);
  pass.layers = {leaf};
  pass.logits = backbone.classify(leaf, {});
  LastMap map{leaf.detach()[0], layer_gradients(pass, {label}, Graph::kFreed)[0][0], {}};
  map.score.pooled = map.features.flatten(1).mean(1);
  map.score.weights = class_weights(backbone, map.score.pooled, label, MapOptions::CamWeight::kPaper);
  map.score.gradient = backbone.logit_gradient(map.score.pooled, label);
  map.score.without = backbone.logits_without_channel(map.score.pooled, label);
  map.score.logit = pass.logits[0][label].item<double>();
  return map;
}

at::Tensor closed_form(MapMethod method, const LastMap& map, const MapOptions& options) {
  const at::Tensor weights = channel_weights(method, map.score, options, kPositions);
  return at::matmul(weights, map.features.flatten(1)).view({2, 3});
}

// Both scaled to a largest magnitude of 1: a method's positive factor is the map's scaling to undo.
void expect_same_direction(const at::Tensor& a, const at::Tensor& b, const std::string& what) {
  const at::Tensor one = a / a.abs().max(), other = b / b.abs().max();
  EXPECT_LT((one - other).abs().max().item<double>(), 1e-9) << what;  // sums of 2048 doubles
}

class ClosedFormTest : public testing::TestWithParam<CatalogEntry> {};

TEST_P(ClosedFormTest, EqualsAutogradInDouble) {
  at::manual_seed(1);
  for (const HeadKind head : {HeadKind::kPaper, HeadKind::kImagenet}) {
    const auto backbone = with_double_head(GetParam().variant, head);
    if (backbone->head_form() == HeadForm::kFullyConnected) {
      EXPECT_THROW(class_weights(*backbone, {}, 0, MapOptions::CamWeight::kPaper), ConfigError);
      continue;
    }
    const LastMap map = last_map(*backbone, 1);

    for (const auto eps : {MapOptions::PlusPlusEps::kZero, MapOptions::PlusPlusEps::kLibrary}) {
      const MapOptions options{.plus_plus_eps = eps};
      for (const MapMethod method : {MapMethod::kGradCam, MapMethod::kHiResCam, MapMethod::kXGradCam,
                                     MapMethod::kGradCamPp, MapMethod::kLayerCam}) {
        expect_same_direction(closed_form(method, map, options),
                              gradient_map(method, map.features, map.gradient, options),
                              std::string(map_method_info(method).name));
      }
    }
    const at::Tensor slope = map.score.gradient.view({-1, 1, 1});
    const ScoreMap closed = eigen_map(slope * map.features, MapOptions::EigenSign::kExtreme, {});
    const ScoreMap by_gradient =
        eigen_map(map.gradient * map.features * kPositions, MapOptions::EigenSign::kExtreme, {});
    for (size_t i = 0; i < closed.values.size(); ++i) {
      EXPECT_NEAR(closed.values[i], by_gradient.values[i], 1e-5 * std::abs(closed.values[i]) + 1e-4);  // float32
    }
  }
}

TEST_P(ClosedFormTest, AblationEqualsPassesWithoutEachChannel) {
  at::manual_seed(2);
  for (const HeadKind head : {HeadKind::kPaper, HeadKind::kImagenet}) {
    const auto backbone = with_double_head(GetParam().variant, head);
    if (backbone->head_form() == HeadForm::kFullyConnected) continue;
    const LastMap map = last_map(*backbone, 2);

    const at::Tensor passes = logits_without_channels(*backbone, map.features.unsqueeze(0), /*stage=*/0).select(1, 2);

    EXPECT_TRUE(at::allclose(map.score.without, passes, 1e-9, 1e-9));
  }
}

std::string test_name(const testing::TestParamInfo<CatalogEntry>& info) { return info.param.variant.name; }

INSTANTIATE_TEST_SUITE_P(Backbones, ClosedFormTest, testing::ValuesIn(backbone_catalog()), test_name);

ClassScore score_with(const std::vector<double>& weights) {
  ClassScore score;
  score.weights = at::tensor(weights, at::kDouble);
  return score;
}

TEST(ChannelWeightsTest, SmallAndLargeArePartsOfThePositiveWeights) {
  const ClassScore score = score_with({-0.5, 0, 0.01, 0.04, 0.0401, 2});
  const auto weights = [&score](MapMethod method) { return channel_weights(method, score, {}, 1); };

  EXPECT_TRUE(at::equal(weights(MapMethod::kCamSmall), score_with({0, 0, 0.01, 0.04, 0, 0}).weights));
  EXPECT_TRUE(at::equal(weights(MapMethod::kCamLarge), score_with({0, 0, 0, 0, 0.0401, 2}).weights));
  EXPECT_TRUE(
      at::equal(weights(MapMethod::kCamSmall) + weights(MapMethod::kCamLarge), weights(MapMethod::kCamPositive)));
}

TEST(ChannelWeightsTest, PositiveAndNegativeAddUpAndMagnitudeTurnsTheNegativeOver) {
  const ClassScore score = score_with({-0.5, 0, 0.25});
  const MapOptions magnitude{.negative_sign = MapOptions::NegativeSign::kMagnitude};

  EXPECT_TRUE(at::equal(
      channel_weights(MapMethod::kCamPositive, score, {}, 1) + channel_weights(MapMethod::kCamNegative, score, {}, 1),
      score.weights));
  EXPECT_TRUE(
      at::equal(channel_weights(MapMethod::kCamNegative, score, magnitude, 1), score_with({0.5, 0, 0}).weights));
}

TEST(WeightFormulaTest, GradientMethodsAreTheCamOfExactWeightsWhereTheseAreTheGradient) {
  const MapOptions paper, exact{.cam_weight = MapOptions::CamWeight::kExact};
  const auto same = [](MapMethod a, MapMethod b, HeadForm head, const MapOptions& options) {
    return weight_formula(a, head, options) == weight_formula(b, head, options);
  };

  EXPECT_TRUE(same(MapMethod::kGradCam, MapMethod::kCam, HeadForm::kLinear, paper));
  EXPECT_TRUE(same(MapMethod::kLayerCam, MapMethod::kCamPositive, HeadForm::kLinear, paper));
  EXPECT_FALSE(same(MapMethod::kGradCam, MapMethod::kCam, HeadForm::kBatchNorm, paper));
  EXPECT_TRUE(same(MapMethod::kGradCam, MapMethod::kCam, HeadForm::kBatchNorm, exact));
  EXPECT_FALSE(same(MapMethod::kGradCam, MapMethod::kCam, HeadForm::kLayerNorm, exact));
  EXPECT_TRUE(same(MapMethod::kHiResCam, MapMethod::kXGradCam, HeadForm::kLayerNorm, paper));
  EXPECT_FALSE(same(MapMethod::kGradCamPp, MapMethod::kGradCam, HeadForm::kLinear, paper));
}

}  // namespace
}  // namespace camsweep

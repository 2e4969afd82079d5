#include "workers/training/wsol_method.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "tests/workers/training/attempts.h"
#include "workers/backbones/method_points.h"
#include "workers/checkpoints/model_file.h"
#include "workers/training/autocast.h"

namespace camsweep {
namespace {

using Kind = MethodOptions::Kind;

// One image of two channels on 1 x 4 positions.
at::Tensor map_of(std::initializer_list<float> first, std::initializer_list<float> second) {
  return at::stack({at::tensor(first), at::tensor(second)}).view({1, 2, 1, 4});
}

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).flatten().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

TEST(AdlTest, DropsWhatReachesGammaTimesTheLargestMean) {
  const at::Tensor map = map_of({0, 2, 4, 10}, {0, 4, 12, 10});  // means 0, 3, 8, 10

  EXPECT_EQ(values_of(adl_drop_mask(map, 0.8, false)), (std::vector<float>{1, 1, 0, 0}));
  EXPECT_EQ(values_of(adl_drop_mask(map, 0.9, false)), (std::vector<float>{1, 1, 1, 0}));
}

TEST(AdlTest, SignedMapsAreCountedFromTheirMinimum) {
  const at::Tensor map = map_of({-10, -7, -2, 0}, {-10, -7, -2, 0});  // means from the minimum: 0, 3, 8, 10

  EXPECT_EQ(values_of(adl_drop_mask(map, 0.8, true)), (std::vector<float>{1, 1, 0, 0}));
}

TEST(AdlTest, ImportanceIsTheSigmoidOfTheMean) {
  const std::vector<float> importance = values_of(adl_importance(map_of({0, 1, 2, -4}, {0, 3, 2, -4})));

  EXPECT_FLOAT_EQ(importance[0], 0.5F);
  EXPECT_NEAR(importance[1], 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(importance[3], 1 / (1 + std::exp(4.0)), 1e-6);
}

TEST(BridgeGapTest, ErasesItsShareOfThePositionsAboveTheThresholdAlone) {
  const at::Tensor map = at::ones({50, 3, 10, 10});
  map.slice(3, 5, 10).fill_(4);  // half of the positions lie above 0.5 of the maximum
  Random random(1, Purpose::kMethod, 0, 0);

  const at::Tensor erased = attentive_drop(map, 0.5, 0.25, false, random);

  EXPECT_EQ(erased.slice(3, 0, 5).ne(1).sum().item<int64_t>(), 0);
  const at::Tensor above = erased.slice(3, 5, 10);
  EXPECT_TRUE(above.eq(0).logical_or(above.eq(4)).all().item<bool>());
  EXPECT_NEAR(above.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.044);  // 2500 positions, 5 deviations
}

TEST(BridgeGapTest, TermsEqualTheHandComputedOnes) {
  // Positions (3, 4), (0, 1), (-2, 0), (0, 0): norms 5, 1, 2, 0, stretched 1, 0.2, 0.4, 0. Class 0 is (1, 0): cosines
  // 0.6, 0, -1, 0; class 1 is (0, 2): 0.8, 1, 0, 0.
  const at::Tensor features = map_of({3, 0, -2, 0}, {4, 1, 0, 0});
  const at::Tensor weights = at::tensor({1.0F, 0.0F, 0.0F, 2.0F}).view({2, 2});
  const at::Tensor labels = at::zeros({1}, at::kLong);
  MethodOptions options{.foreground = 0.35, .background = 0.3};

  // Background: the second and the last, 0 on average; foreground: the first and the third, -0.2.
  options.any_class = false;
  const BridgeTerms of_label = bridge_terms(features, weights, labels, options);
  EXPECT_NEAR(of_label.similarity.item<double>(), 0.2, 1e-6);
  EXPECT_NEAR(of_label.norm.item<double>(), 0.4 - 1.0, 1e-6);  // unlike: the third; like: the first

  // The most similar class of all: 0.8, 1, 0, 0, nothing is unlike; like: the first two, 0.6 on average.
  options.any_class = true;
  EXPECT_NEAR(bridge_terms(features, weights, labels, options).norm.item<double>(), 0 - 0.6, 1e-6);
}

TEST(BridgeGapTest, TermsAreComputedInFloat32WithinAutocast) {
  at::manual_seed(1);
  const at::Tensor features = at::randn({2, 16, 5, 5});
  const at::Tensor weights = at::randn({4, 16});
  const at::Tensor labels = at::tensor({1L, 3L});
  const BridgeTerms plain = bridge_terms(features, weights, labels, {});

  const Autocast autocast(at::kCPU, true);
  const BridgeTerms within = bridge_terms(features, weights, labels, {});

  EXPECT_TRUE(within.similarity.equal(plain.similarity));
  EXPECT_TRUE(within.norm.equal(plain.norm));
}

// 40 positions of 40 to 79 hundredths and the rest below.
at::Tensor ramp() { return (at::arange(80).to(at::kFloat) / 100).view({1, 1, 8, 10}); }

TEST(GuidanceTest, PositionsAboveHighAreObjectBelowLowBackgroundAndTheRestUnknown) {
  const GuidanceTargets targets = guidance_targets(ramp(), 0.395, 0.095);

  const at::Tensor values = targets.values.flatten();
  const at::Tensor known = targets.known.flatten();
  EXPECT_EQ(known.slice(0, 0, 10).sum().item<double>(), 10);
  EXPECT_EQ(known.slice(0, 10, 40).sum().item<double>(), 0);
  EXPECT_EQ(known.slice(0, 40).sum().item<double>(), 40);
  EXPECT_EQ(values.slice(0, 0, 40).sum().item<double>(), 0);
  EXPECT_EQ(values.slice(0, 40).sum().item<double>(), 40);
}

TEST(GuidanceTest, FewerThanThirtyPositionsAreReplacedByThoseAboveSevenTenthsOfTheLargest) {
  const GuidanceTargets targets = guidance_targets(ramp(), 0.505, 0);  // 29 lie above; 0.7 of 0.79 is 0.553

  EXPECT_EQ(targets.values.sum().item<double>(), 24);  // 0.56 to 0.79
  EXPECT_EQ(targets.known.sum().item<double>(), 24);
}

TEST(GuidanceTest, BackgroundDecidesWhereBothHold) {
  const GuidanceTargets targets = guidance_targets(ramp(), 0.395, 0.5);

  EXPECT_EQ(targets.values.sum().item<double>(), 30);  // 0.50 to 0.79
  EXPECT_EQ(targets.known.sum().item<double>(), 80);
}

TEST(GuidanceTest, TheLossIsTheMeanOverKnownPositionsAlone) {
  const at::Tensor logits = at::tensor({0.0F, 2.0F, 50.0F, -1.0F}).view({1, 1, 2, 2});
  const GuidanceTargets targets{.values = at::tensor({1.0F, 0.0F, 0.0F, 1.0F}).view({1, 1, 2, 2}),
                                .known = at::tensor({1.0F, 1.0F, 0.0F, 1.0F}).view({1, 1, 2, 2})};

  const double expected = (std::log(2.0) + std::log1p(std::exp(2.0)) + std::log1p(std::exp(1.0))) / 3;
  EXPECT_NEAR(guidance_loss(logits, targets).item<double>(), expected, 1e-6);
  EXPECT_EQ(guidance_loss(logits, {targets.values, at::zeros({1, 1, 2, 2})}).item<double>(), 0);
}

// A map of two constant halves keeps its halves when resized by nothing: each branch's target is then known.
TEST(GuidanceTest, EachBranchLearnsFromTheOneBeforeIt) {
  const auto halves = [](float left, float right) {
    at::Tensor map = at::full({1, 1, 16, 16}, left);
    map.slice(3, 8, 16).fill_(right);
    return map;
  };
  const GuidanceLogits logits{.first = halves(0, 0), .second = halves(-4, 4), .last = halves(0, 0)};
  const MethodOptions options{.spg_low = {0.01, 0.05, 0.3}};

  const double penalty = spg_penalty(halves(1, 3).squeeze(1), logits, 16, options).item<double>();

  // The later branch by the class map: background left, object right, log(1 + exp(-4)). The earlier one by its sigmoid,
  // 0.018 and 0.982: known everywhere, log 2. The last by (0.5 + it) / 2, 0.259 and 0.741: likewise.
  EXPECT_NEAR(penalty, std::log1p(std::exp(-4.0)) + 2 * std::log(2.0), 1e-6);
}

TEST(MethodPointsTest, AreThoseOfTheAuthorsForResNets) {
  const auto network = make_backbone(find_backbone("resnet50"), {.classes = 3});

  const MethodPoints points = method_points(*network);

  EXPECT_EQ(points.adl, (std::vector<TrunkPoint>{{2, 0}, {3, 0}, {3, 2}}));
  EXPECT_EQ(points.bridge, (TrunkPoint{3, 0}));
  EXPECT_EQ(points.guidance, (std::array<TrunkPoint, 2>{TrunkPoint{2, 0}, TrunkPoint{2, 5}}));
}

TEST(MethodPointsTest, StandBehindTheLastBlocksOfLargeKernels) {
  const auto network = make_backbone(find_backbone("replknet_nano"), {.classes = 3});
  const int third = network->blocks(2);
  const int fourth = network->blocks(3);

  const MethodPoints points = method_points(*network);

  EXPECT_EQ(points.adl.front(), (TrunkPoint{2, third - 1}));
  EXPECT_EQ(points.adl.size(), static_cast<size_t>(1 + fourth));
  EXPECT_EQ(points.bridge, fourth > 1 ? (TrunkPoint{3, fourth - 2}) : (TrunkPoint{2, third - 1}));
}

TEST(MethodPointsTest, OtherFamiliesAreRefusedByName) {
  const auto network = make_backbone(find_backbone("vgg16_gap"), {.classes = 3});

  EXPECT_THROW(method_points(*network), ConfigError);
}

// features() is features_from() of the map behind any block.
TEST(MethodPointsTest, TheTrunkGoesOnFromAnyPoint) {
  const at::NoGradGuard no_grad;
  for (const char* name : {"resnet18", "convnext_atto", "replknet_nano"}) {
    const auto network = make_backbone(find_backbone(name), {.classes = 3});
    network->initialize(0);
    network->to(at::kCPU, false);
    const at::Tensor images = fixture_input(1, 64);
    std::vector<std::pair<TrunkPoint, at::Tensor>> maps;
    const std::function<at::Tensor(TrunkPoint, const at::Tensor&)> keep = [&](TrunkPoint point, const at::Tensor& map) {
      maps.emplace_back(point, map.clone());
      return map;
    };
    const at::Tensor features = network->features(images, {.at_point = &keep});

    for (const auto& [point, map] : maps) {
      EXPECT_TRUE(at::allclose(network->features_from(point, map, {}), features, 1e-5, 1e-5))
          << name << " from stage " << point.stage << ", block " << point.block;
    }
    EXPECT_GE(maps.size(), 4u);
  }
}

TEST(MethodTrainingTest, EveryMethodTrainsIsResumedBitIdenticalAndLeavesTheNetworkOfItsSettings) {
  const ColourDataset dataset(40, 12);
  for (const std::string family : {"resnet", "convnext"}) {
    for (const Kind kind : {Kind::kNone, Kind::kAdl, Kind::kAcol, Kind::kSpg, Kind::kBridgeGap}) {
      const ScratchFolder scratch("method" + family + std::to_string(static_cast<int>(kind)));
      TrainSettings wanted = settings(family);
      wanted.method = {.kind = kind, .bridge_warmup = 1};
      wanted.erasing.channels = 8;
      if (kind == Kind::kNone) wanted.augmentation.hiding = Augmentation::Hiding{.sides = {0, 8}, .probability = 0.5};
      const auto expected = fingerprint(run_attempt(wanted, dataset, scratch.path / "whole"));
      run_attempt(wanted, dataset, scratch.path / "cut", 1, /*stop_at=*/7);

      const Attempt resumed = run_attempt(wanted, dataset, scratch.path / "cut", 2);

      EXPECT_EQ(fingerprint(resumed), expected) << family;
      const Model model = read_model(resumed.directory / "artifacts/weights.safetensors");
      EXPECT_EQ(model.backbone->parameters().size(),
                make_backbone(wanted.variant, backbone_options(wanted, 2))->parameters().size());
    }
  }
}

}  // namespace
}  // namespace camsweep

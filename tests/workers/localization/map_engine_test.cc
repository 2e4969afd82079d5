#include "workers/localization/map_engine.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "schemas/error.h"
#include "workers/backbones/erasing_head.h"
#include "workers/localization/component_maps.h"
#include "workers/localization/gradient_maps.h"
#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

std::unique_ptr<Backbone> network(const std::string& name, Pool pool = Pool::kGap) {
  auto backbone = make_backbone(find_backbone(name), {.classes = 7, .pool = pool});
  backbone->initialize(3);
  return backbone;
}

at::Tensor images(int64_t count) {
  at::manual_seed(5);
  return at::randn({count, 3, 64, 64});
}

std::vector<MapMethod> every_method() {
  std::vector<MapMethod> methods;
  for (const MapMethodInfo& info : map_methods()) {
    if (info.method != MapMethod::kDdt) methods.push_back(info.method);
  }
  return methods;
}

double distance(const ScoreMap& a, const ScoreMap& b) {
  EXPECT_EQ(a.values.size(), b.values.size());
  double largest = 0;
  for (size_t i = 0; i < a.values.size(); ++i) largest = std::max(largest, std::abs(a.values[i] - b.values[i]));
  return largest;
}

std::string refusal(Backbone& backbone, MapMethod method, const MapOptions& options) {
  try {
    MapEngine(backbone, {method}, options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(MapEngineTest, EveryMethodGivesAFiniteMapOfEachClassAndImage) {
  const auto backbone = network("replknet_nano");
  const MapEngine engine(*backbone, every_method(), {.scorecam_channels = 4});
  const MapPass pass = engine.run(images(2));

  const auto maps = engine.maps(pass, {{{0, 4}, 1}, {{2}, 2}});

  ASSERT_EQ(maps.size(), 2u);
  ASSERT_EQ(maps[0].size(), 2u);
  ASSERT_EQ(maps[1].size(), 1u);
  for (const MapEngine::ImageMaps& image : maps) {
    for (const MapEngine::ClassMaps& of_class : image) {
      ASSERT_EQ(of_class.size(), engine.methods().size());
      for (const ScoreMap& map : of_class) {
        EXPECT_EQ(map.values.size(), static_cast<size_t>(map.height * map.width));
        for (const double value : map.values) EXPECT_TRUE(std::isfinite(value));
      }
    }
  }
}

TEST(MapEngineTest, AcolsMapIsWhereEitherOfItsClassifiersFindsTheClass) {
  const auto backbone =
      make_backbone(find_backbone("resnet18"), {.classes = 7, .erasing = ErasingOptions{.channels = 16}});
  backbone->initialize(3);
  const MapEngine engine(*backbone, {MapMethod::kCam, MapMethod::kGradCam}, {});
  const MapPass pass = engine.run(images(1));

  const auto maps = engine.maps(pass, {{{4}}});

  const at::NoGradGuard no_grad;
  const auto branches = backbone->erasing_head()->branches(pass.features, at::full({1}, 4, at::kLong), {});
  const at::Tensor first = branches.map[0].to(at::kDouble);
  const at::Tensor second = branches.erased_map[0].to(at::kDouble);
  const auto scaled = [](const at::Tensor& map) { return (map - map.min()) / (map.max() - map.min()); };
  const at::Tensor expected = at::maximum(scaled(first), scaled(second)).contiguous();
  ASSERT_EQ(maps[0][0].size(), 2u);
  for (size_t i = 0; i < maps[0][0][0].values.size(); ++i) {
    EXPECT_NEAR(maps[0][0][0].values[i], expected.data_ptr<double>()[i], 1e-6);
  }
  EXPECT_EQ(refusal(*backbone, MapMethod::kCamPositive, {}),
            "cam_positive: the head of acol has no weights on feature maps; cam is its own map, and gradcam works too");
}

TEST(MapEngineTest, MapsOfABatchAreThoseOfItsImagesAlone) {
  const auto backbone = network("resnet18");
  const MapOptions options{.layers = {3}};
  const MapEngine engine(*backbone, {MapMethod::kGradCam, MapMethod::kLayerCam}, options);
  const at::Tensor both = images(2);

  const auto together = engine.maps(engine.run(both), {{{1, 5}}, {{6}}});
  const auto alone = engine.maps(engine.run(both.narrow(0, 1, 1)), {{{6}}});

  for (size_t m = 0; m < 2; ++m) EXPECT_LT(distance(together[1][0][m], alone[0][0][m]), 1e-6);  // float32 gradients
}

TEST(MapEngineTest, AnEarlierLayersMapHasItsSizeAndFollowsFromItsGradient) {
  const auto backbone = network("resnet18");
  const MapEngine engine(*backbone, {MapMethod::kHiResCam}, {.layers = {2}});
  const at::Tensor input = images(1);

  const MapPass pass = engine.run(input);
  const ScoreMap map = engine.maps(pass, {{{4}}})[0][0][0];

  EXPECT_EQ(map.height, 8);  // 64 px at stride 8
  // A step along the map's channels moves the logit by the sum of gradient times activation.
  constexpr double kStep = 1e-3;
  const auto logit = [&](double scale) {
    at::Tensor x = pass.layers[0].detach() * scale;
    for (int stage = 2; stage < 4; ++stage) x = backbone->run_stage(stage, x, {});
    return backbone->classify(x, {})[0][4].item<double>();
  };
  double sum = 0;
  for (const double value : map.values) sum += value;
  EXPECT_NEAR((logit(1 + kStep) - logit(1 - kStep)) / (2 * kStep), sum, 1e-2 * std::abs(sum) + 1e-3);
}

TEST(MapEngineTest, SeveralLayersAreFusedAtTheShallowestOnesSize) {
  const auto backbone = network("resnet18");
  const MapEngine engine(*backbone, {MapMethod::kLayerCam}, {.layers = {2, 3, 4}});

  const ScoreMap map = engine.maps(engine.run(images(1)), {{{0}}})[0][0][0];

  EXPECT_EQ(map.height, 8);
  const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
  EXPECT_GE(*low, 0);
  EXPECT_NEAR(*high, 1, 1e-9);
}

TEST(MapEngineTest, FlipAveragingMakesTheMapOfAMirroredImageTheMirroredMap) {
  const auto backbone = network("resnet18");
  const MapEngine engine(*backbone, {MapMethod::kCam}, {.flip = MapOptions::Flip::kAverage});
  const at::Tensor image = images(1);

  const ScoreMap map = engine.maps(engine.run(image), {{{3}}})[0][0][0];
  ScoreMap mirrored = engine.maps(engine.run(image.flip(3)), {{{3}}})[0][0][0];

  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) EXPECT_NEAR(map.at(y, x), mirrored.at(y, map.width - 1 - x), 1e-6);
  }
}

TEST(MapEngineTest, MaximumPoolingTakesTheGradient) {
  const auto backbone = network("resnet18", Pool::kGmp);
  const MapEngine engine(*backbone, {MapMethod::kCam, MapMethod::kGradCam}, {});
  const MapPass pass = engine.run(images(1));

  const auto maps = engine.maps(pass, {{{2}}})[0][0];

  // Each channel's gradient is its weight, at its maximum alone: Grad-CAM is the CAM over the number of positions.
  for (size_t i = 0; i < maps[0].values.size(); ++i) {
    EXPECT_NEAR(maps[1].values[i] * static_cast<double>(maps[0].values.size()), maps[0].values[i], 1e-5);
  }
  EXPECT_EQ(engine.identical_to()[1], std::nullopt);
}

TEST(MapEngineTest, MethodsEqualByAlgebraAreNamed) {
  const auto backbone = network("resnet18");
  const MapEngine engine(*backbone, {MapMethod::kCam, MapMethod::kGradCam, MapMethod::kLayerCam}, {});

  EXPECT_EQ(engine.identical_to(),
            (std::vector<std::optional<MapMethod>>{std::nullopt, MapMethod::kCam, std::nullopt}));
}

TEST(MapEngineTest, WhatANetworkDoesNotGiveIsRefusedInOneSentence) {
  const auto connected = network("alexnet");
  const auto pooled = network("resnet18", Pool::kGmp);

  EXPECT_EQ(refusal(*connected, MapMethod::kCam, {}),
            "cam: alexnet has no class activation map, as its classifier is of fully connected layers; gradcam is for "
            "such networks");
  EXPECT_EQ(refusal(*connected, MapMethod::kGradCam, {}), "");
  EXPECT_EQ(refusal(*pooled, MapMethod::kCam, {.cam_weight = MapOptions::CamWeight::kExact}),
            "cam: cam_weight 'exact' needs average pooling; resnet18 has pool 'gmp'");
  EXPECT_EQ(refusal(*pooled, MapMethod::kCam, {.layers = {2}}),
            "cam: weights the last feature map as the classifier does, which knows no other layer; gradcam explains "
            "those");
  EXPECT_EQ(refusal(*pooled, MapMethod::kGradCam, {.layers = {2, 3}}),
            "gradcam: takes one layer; layercam alone joins several");
  EXPECT_EQ(refusal(*pooled, MapMethod::kGradCam, {.layers = {5}}), "layers: resnet18 has no stage5, it has 4 stages");
}

TEST(MapEngineTest, RandomWeightsDependOnTheSeedAlone) {
  const auto backbone = network("replknet_nano");
  const MapEngine engine(*backbone, {MapMethod::kRandom}, {});
  const MapPass pass = engine.run(images(1));
  const auto map = [&](uint64_t seed) { return engine.maps(pass, {{{0}, seed}})[0][0][0].values; };

  EXPECT_EQ(map(7), map(7));
  EXPECT_NE(map(7), map(8));
}

}  // namespace
}  // namespace camsweep

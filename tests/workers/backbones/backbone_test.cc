#include "workers/backbones/backbone.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "schemas/error.h"

namespace camsweep {
namespace {

int64_t parameter_count(const Backbone& backbone) {
  int64_t count = 0;
  for (const NamedTensor& entry : backbone.parameters()) count += entry.tensor.numel();
  return count;
}

BackboneVariant small_variant(const std::string& family) {
  const Json custom = {{"resnet", {{"family", "resnet"}, {"depths", {1, 1, 1, 1}}, {"widths", {8, 8, 16, 16}}}},
                       {"convnext", {{"family", "convnext"}, {"depths", {1, 1, 2, 1}}, {"widths", {8, 8, 16, 16}}}},
                       {"replknet",
                        {{"family", "replknet"},
                         {"depths", {1, 1, 2, 1}},
                         {"widths", {8, 8, 16, 16}},
                         {"kernels", {7, 7, 7, 5}},
                         {"small_kernel", 3}}}};
  return find_backbone(family, custom);
}

std::unique_ptr<Backbone> small_fixture(const std::string& family, const BackboneOptions& options) {
  std::unique_ptr<Backbone> backbone = make_backbone(small_variant(family), options);
  fill_fixture(*backbone);
  return backbone;
}

at::Tensor tensor_named(const Backbone& backbone, const std::string& name) {
  for (const NamedTensor& entry : backbone.state()) {
    if (entry.name == name) return entry.tensor;
  }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

struct Counts {
  std::string backbone;
  int64_t parameters;
  size_t entries;
};

// Counted on the source implementations: spec backbones, sections 4, 10.1 and 11.1.
const Counts kCounts[] = {
    {"resnet18", 11'689'512, 122},        {"resnet34", 21'797'672, 218},         {"resnet50", 25'557'032, 320},
    {"resnet101", 44'549'160, 626},       {"resnet152", 60'192'808, 932},        {"convnext_atto", 3'695'520, 128},
    {"convnext_femto", 5'217'784, 128},   {"convnext_pico", 9'045'672, 128},     {"convnext_nano", 15'593'560, 146},
    {"convnext_tiny", 28'589'128, 182},   {"convnext_small", 50'223'688, 344},   {"convnext_base", 88'591'464, 344},
    {"convnext_large", 197'767'336, 344}, {"convnext_xlarge", 350'196'968, 344}, {"replknet_31b", 79'864'168, 1171},
    {"replknet_31l", 172'671'016, 1171},  {"replknet_xl", 335'435'752, 1027},
};

TEST(BackboneTest, EveryVariantHasTheSourcesParametersAndStateEntries) {
  for (const Counts& expected : kCounts) {
    const auto backbone = make_backbone(find_backbone(expected.backbone), {.head = HeadKind::kImagenet});

    EXPECT_EQ(parameter_count(*backbone), expected.parameters) << expected.backbone;
    EXPECT_EQ(backbone->state().size(), expected.entries) << expected.backbone;
  }
}

TEST(BackboneTest, NanoOfOursHasAThirdOfAMillionParameters) {
  const auto backbone = make_backbone(find_backbone("replknet_nano"), {.classes = 20});

  EXPECT_GT(parameter_count(*backbone), 300'000);
  EXPECT_LT(parameter_count(*backbone), 350'000);
}

TEST(BackboneTest, NamesAreUniqueAndAConvMlpIsStoredAsConvolution) {
  for (const auto& [variant, parameters, map_side] : backbone_catalog()) {
    const auto backbone = make_backbone(variant, {.classes = 3});
    std::set<std::string> names;
    for (const NamedTensor& entry : backbone->state()) names.insert(entry.name);
    EXPECT_EQ(names.size(), backbone->state().size()) << variant.name;
  }
  const auto atto = make_backbone(find_backbone("convnext_atto"), {});
  EXPECT_EQ(tensor_named(*atto, "stages.0.0.pwconv1.weight").sizes(), at::IntArrayRef({160, 40, 1, 1}));
}

TEST(BackboneTest, PaperConvNextHasNoFinalNorm) {
  const auto paper = make_backbone(small_variant("convnext"), {.classes = 5, .head = HeadKind::kPaper});
  const auto imagenet = make_backbone(small_variant("convnext"), {.classes = 5, .head = HeadKind::kImagenet});

  EXPECT_EQ(paper->head_form(), HeadForm::kLinear);
  EXPECT_EQ(imagenet->head_form(), HeadForm::kLayerNorm);
  EXPECT_EQ(imagenet->state().size(), paper->state().size() + 2);
}

// spec backbones, section 3: mean_p(sum_k a_k F_k(p)) + const = logit, for each kind of head.
TEST(BackboneTest, MeanOfTheExactCamPlusConstantIsTheLogit) {
  const at::NoGradGuard no_grad;
  for (const char* family : {"resnet", "convnext", "replknet"}) {
    const auto backbone = small_fixture(family, {.classes = 7, .head = HeadKind::kImagenet});
    const at::Tensor map = backbone->features(fixture_input(1, 64), {});
    const at::Tensor logits = backbone->classify(map, {})[0];

    for (int64_t label = 0; label < 7; ++label) {
      const at::Tensor pooled = map[0].mean({1, 2});
      const at::Tensor weights = backbone->exact_cam_weights(pooled, label);
      const double mean_cam = (map[0] * weights.view({-1, 1, 1})).sum(0).mean().item<double>();

      // float32 sums over 16 channels of order 1: 1e-5 is ten times their error.
      EXPECT_NEAR(mean_cam + backbone->exact_cam_constant(label), logits[label].item<double>(), 1e-5) << family;
    }
  }
}

// Spec backbones, 2.6.
TEST(BackboneTest, LayerGroupsAreThoseOfTheSources) {
  const auto group_of = [](const char* backbone, const char* key) {
    const auto network = make_backbone(find_backbone(backbone), {.classes = 2, .head = HeadKind::kImagenet});
    const LayerGroups groups = network->layer_groups();
    const std::vector<NamedTensor> parameters = network->parameters();
    const auto found = std::ranges::find(parameters, key, &NamedTensor::name);
    EXPECT_NE(found, parameters.end()) << key;
    return groups.group[static_cast<size_t>(found - parameters.begin())];
  };

  EXPECT_EQ(group_of("convnext_small", "downsample_layers.0.1.weight"), 0);
  EXPECT_EQ(group_of("convnext_small", "downsample_layers.1.0.weight"), 2);
  EXPECT_EQ(group_of("convnext_small", "stages.0.2.gamma"), 1);
  EXPECT_EQ(group_of("convnext_small", "stages.2.3.gamma"), 4);
  EXPECT_EQ(group_of("convnext_small", "stages.2.26.gamma"), 11);
  EXPECT_EQ(group_of("convnext_small", "downsample_layers.3.1.bias"), 12);
  EXPECT_EQ(group_of("convnext_small", "norm.weight"), 13);
  EXPECT_EQ(group_of("replknet_31b", "stages.2.blocks.35.pw1.bn.weight"), 11);
  EXPECT_EQ(group_of("replknet_31b", "transitions.2.0.conv.weight"), 11);
  EXPECT_EQ(group_of("replknet_31b", "head.bias"), 13);
  EXPECT_EQ(group_of("resnet18", "bn1.weight"), 0);
  EXPECT_EQ(group_of("resnet18", "layer3.1.conv2.weight"), 3);
  EXPECT_EQ(group_of("resnet18", "fc.weight"), 5);
}

TEST(BackboneTest, WsolResNetsKeepTheMapOfTheirStageAndTheKeysOfThePlainOnes) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, side] : {std::pair{"resnet18_wsol_14", 4}, {"resnet18_wsol_28", 8}}) {
    const auto backbone = make_backbone(find_backbone(name), {.classes = 2});
    fill_fixture(*backbone);

    EXPECT_EQ(backbone->features(fixture_input(1, 64), {}).size(2), side) << name;
    EXPECT_EQ(backbone->state().size(), 122) << name;
  }
}

TEST(BackboneTest, MaximumPoolingTakesTheLargestPosition) {
  const at::NoGradGuard no_grad;
  const auto backbone = small_fixture("convnext", {.classes = 3, .pool = Pool::kGmp});
  const at::Tensor map = backbone->features(fixture_input(1, 64), {});

  const at::Tensor logits = backbone->classify(map, {})[0];

  const at::Tensor expected =
      at::matmul(backbone->classifier_weight(), map[0].amax({1, 2})) + tensor_named(*backbone, "head.bias");
  EXPECT_LT((logits - expected).abs().max().item<float>(), 1e-5);
}

TEST(BackboneTest, InitializationIsTheSourcesAndDependsOnlyOnSeedAndKey) {
  const auto five = make_backbone(find_backbone("convnext_atto"), {.classes = 5});
  const auto nine = make_backbone(find_backbone("convnext_atto"), {.classes = 9});
  five->initialize(1);
  nine->to(at::kCPU, /*channels_last=*/true);
  nine->initialize(1);

  const std::string key = "downsample_layers.3.1.weight";
  EXPECT_TRUE(tensor_named(*five, key).equal(tensor_named(*nine, key)));
  EXPECT_NEAR(tensor_named(*five, key).std().item<double>(), 0.02, 2e-4);  // 204,800 draws: 5 standard errors
  EXPECT_EQ(tensor_named(*five, "stages.0.0.gamma").min().item<float>(), 1e-6F);
  EXPECT_LE(tensor_named(*five, "head.weight").abs().max().item<double>(), 1 / std::sqrt(320.0));
  nine->initialize(2);
  EXPECT_FALSE(tensor_named(*five, key).equal(tensor_named(*nine, key)));
}

TEST(BackboneTest, ChannelsLastGivesTheSameFeaturesAndKeepsTheTensors) {
  const at::NoGradGuard no_grad;
  for (const char* family : {"resnet", "convnext", "replknet"}) {
    const auto backbone = small_fixture(family, {.classes = 3});
    const std::vector<NamedTensor> before = backbone->state();
    const at::Tensor plain = backbone->features(fixture_input(2, 64), {});

    backbone->to(at::kCPU, /*channels_last=*/true);

    const at::Tensor moved = backbone->features(fixture_input(2, 64), {});
    EXPECT_LT((moved - plain).abs().max().item<float>(), 2e-5 * plain.abs().max().item<float>()) << family;
    EXPECT_TRUE(backbone->state().front().tensor.is_same(before.front().tensor));
  }
}

TEST(BackboneTest, StochasticDepthDependsOnTheSampleAndNotOnItsPlaceInTheBatch) {
  const at::NoGradGuard no_grad;
  const auto backbone = small_fixture("convnext", {.classes = 3, .drop_path = 0.8});
  const at::Tensor images = fixture_input(4, 64);
  const std::vector<size_t> samples = {11, 12, 13, 14};
  const std::vector<size_t> reversed = {14, 13, 12, 11};

  const at::Tensor forward = backbone->features(images, {.training = true, .seed = 1, .epoch = 2, .samples = samples});
  const at::Tensor backward =
      backbone->features(images.flip(0), {.training = true, .seed = 1, .epoch = 2, .samples = reversed});
  const at::Tensor next_epoch =
      backbone->features(images, {.training = true, .seed = 1, .epoch = 3, .samples = samples});

  EXPECT_LT((forward - backward.flip(0)).abs().max().item<float>(), 1e-4);
  EXPECT_GT((forward - next_epoch).abs().max().item<float>(), 1e-2);
}

TEST(BackboneTest, ImpossibleOptionsAreRefused) {
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.classes = 0}), ConfigError);
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.drop_path = 1}), ConfigError);
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.form = Form::kMerged}), ConfigError);
}

}  // namespace
}  // namespace camsweep

#include "workers/backbones/backbone.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
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

// Narrow variants of every family and every kind of head; those without widths are what they are.
const Json kSmall = {
    {"resnet", {{"family", "resnet"}, {"depths", {1, 1, 1, 1}}, {"widths", {8, 8, 16, 16}}}},
    {"densenet", {{"family", "densenet"}, {"depths", {1, 1, 2, 1}}, {"widths", {8}}, {"growth", 8}}},
    {"vgg_cam",
     {{"family", "vgg"},
      {"depths", {1, 1, 1, 1, 1}},
      {"widths", {8, 8, 8, 16, 16}},
      {"norm", "batch"},
      {"tail", "cam"},
      {"stride", 16},
      {"groups", 2}}},
    {"convnext", {{"family", "convnext"}, {"depths", {1, 1, 2, 1}}, {"widths", {8, 8, 16, 16}}}},
    {"convnext_hnf",
     {{"family", "convnext"},
      {"depths", {1, 1, 2, 1}},
      {"widths", {8, 8, 16, 16}},
      {"block", "conv"},
      {"norm", "map"}}},
    {"replknet",
     {{"family", "replknet"},
      {"depths", {1, 1, 2, 1}},
      {"widths", {8, 8, 16, 16}},
      {"kernels", {7, 7, 7, 5}},
      {"small_kernel", 3}}},
    {"slak", {{"family", "slak"}, {"depths", {1, 1, 2, 1}}, {"widths", {7, 9, 16, 17}}, {"kernels", {11, 9, 7, 5}}}},
    {"hornet", {{"family", "hornet"}, {"depths", {1, 1, 2, 1}}, {"widths", {16, 16, 32, 32}}}},
    {"hornet_gf", {{"family", "hornet"}, {"depths", {1, 1, 2, 1}}, {"widths", {16, 16, 32, 32}}, {"block", "filter"}}}};

// Those, and the families whose widths are fixed.
std::vector<std::string> every_kind() {
  std::vector<std::string> names = {"alexnet_gap", "googlenet", "googlenet_cam", "inception_v3_wsol_14"};
  for (const auto& [name, block] : kSmall.items()) names.push_back(name);
  return names;
}

BackboneVariant small_variant(const std::string& name) { return find_backbone(name, kSmall); }

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

TEST(BackboneTest, NanoOfOursHasAThirdOfAMillionParameters) {
  const auto backbone = make_backbone(find_backbone("replknet_nano"), {.classes = 20});

  EXPECT_GT(parameter_count(*backbone), 300'000);
  EXPECT_LT(parameter_count(*backbone), 350'000);
  EXPECT_EQ(find_in_catalog("replknet_nano")->parameters,
            parameter_count(*make_backbone(find_backbone("replknet_nano"), {.head = HeadKind::kImagenet})));
}

TEST(BackboneTest, NamesAreUniqueStagesAreTheVariantsAndAConvMlpIsStoredAsConvolution) {
  for (const auto& [variant, parameters, map_side] : backbone_catalog()) {
    const auto backbone = make_backbone(variant, {.classes = 3});
    std::set<std::string> names;
    for (const NamedTensor& entry : backbone->state()) names.insert(entry.name);
    EXPECT_EQ(names.size(), backbone->state().size()) << variant.name;
    EXPECT_EQ(backbone->stages(), stage_count(variant)) << variant.name;
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
void expect_cam_identity(Backbone& backbone, int64_t side) {
  const at::NoGradGuard no_grad;
  const at::Tensor map = backbone.features(fixture_input(1, side), {});
  const at::Tensor logits = backbone.classify(map, {})[0];
  const double largest = logits.abs().max().item<double>();
  for (int64_t label = 0; label < backbone.options().classes; ++label) {
    const at::Tensor weights = backbone.exact_cam_weights(map[0].mean({1, 2}), label);
    const double mean_cam = (map[0] * weights.view({-1, 1, 1})).sum(0).mean().item<double>();

    // float32 sums over up to 2048 channels: 2e-5 of the largest logit is ten times their error.
    EXPECT_NEAR(mean_cam + backbone.exact_cam_constant(label), logits[label].item<double>(), 2e-5 * largest + 1e-6);
  }
}

TEST(BackboneTest, MeanOfTheExactCamPlusConstantIsTheLogit) {
  for (const HeadKind head : {HeadKind::kImagenet, HeadKind::kPaper}) {
    for (const std::string& name : every_kind()) {
      SCOPED_TRACE(name);
      expect_cam_identity(*small_fixture(name, {.classes = 7, .head = head}), 96);
    }
  }
}

TEST(BackboneTest, MeanOfTheExactCamPlusConstantIsTheLogitOfEveryVariant) {
  if (std::getenv("CAMSWEEP_ALL") == nullptr) GTEST_SKIP() << "large networks: set CAMSWEEP_ALL=1 to run them";
  for (const CatalogEntry& entry : backbone_catalog()) {
    SCOPED_TRACE(entry.variant.name);
    if (takes_signals(entry.variant)) continue;
    const auto backbone = make_backbone(entry.variant, {.classes = 7, .head = HeadKind::kImagenet});
    if (backbone->head_form() == HeadForm::kFullyConnected) continue;
    fill_fixture(*backbone);
    expect_cam_identity(*backbone, 128);
  }
}

TEST(BackboneTest, HeadsAreThoseOfTheSources) {
  const auto form = [](const char* name, HeadKind head) {
    return make_backbone(find_backbone(name), {.classes = 3, .head = head})->head_form();
  };

  for (const char* name : {"convnext_atto", "slak_tiny_31", "hornet_tiny_7x7"}) {
    EXPECT_EQ(form(name, HeadKind::kImagenet), HeadForm::kLayerNorm) << name;
    EXPECT_EQ(form(name, HeadKind::kPaper), HeadForm::kLinear) << name;
  }
  for (const HeadKind head : {HeadKind::kImagenet, HeadKind::kPaper}) {
    EXPECT_EQ(form("replknet_nano", head), HeadForm::kBatchNorm);
    EXPECT_EQ(form("convnext_tiny_hnf", head), HeadForm::kLinear);
    EXPECT_EQ(form("densenet121", head), HeadForm::kLinear);
    EXPECT_EQ(form("vgg16", head), HeadForm::kFullyConnected);
    EXPECT_EQ(form("alexnet", head), HeadForm::kFullyConnected);
  }
}

// Every gradient of a training step exists, whatever the family.
TEST(BackboneTest, ATrainingStepReachesEveryParameter) {
  std::vector<std::string> names = every_kind();
  names.push_back("googlenet_aux");
  const std::vector<size_t> samples = {3, 5};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const auto backbone = small_fixture(name, {.classes = 3, .head = HeadKind::kImagenet, .drop_path = 0.1});
    for (const NamedTensor& entry : backbone->parameters()) at::Tensor(entry.tensor).requires_grad_();
    std::vector<at::Tensor> auxiliary;
    const ForwardContext context{
        .training = true, .seed = 1, .epoch = 0, .samples = samples, .auxiliary_logits = &auxiliary};

    at::Tensor loss = backbone->classify(backbone->features(fixture_input(2, 96), context), context).square().sum();
    for (const at::Tensor& logits : auxiliary) loss = loss + logits.square().sum();
    loss.backward();

    EXPECT_EQ(auxiliary.size(), name == "googlenet_aux" ? 2 : 0);
    for (const NamedTensor& entry : backbone->parameters()) EXPECT_TRUE(entry.tensor.grad().defined()) << entry.name;
  }
}

TEST(BackboneTest, AuxiliaryClassifiersAreComputedOnlyInTrainingAndOnlyWhenAskedFor) {
  const at::NoGradGuard no_grad;
  const auto backbone = small_fixture("inception_v3_aux", {.classes = 3});
  std::vector<at::Tensor> auxiliary;
  const std::vector<size_t> samples = {1, 2};
  const at::Tensor images = fixture_input(2, 299);

  backbone->features(images, {.training = true, .samples = samples});
  backbone->features(images, {.auxiliary_logits = &auxiliary});
  EXPECT_TRUE(auxiliary.empty());

  backbone->features(images, {.training = true, .samples = samples, .auxiliary_logits = &auxiliary});
  ASSERT_EQ(auxiliary.size(), 1);
  EXPECT_EQ(auxiliary[0].sizes(), at::IntArrayRef({2, 3}));
  EXPECT_EQ(backbone->auxiliary_loss_weight(), 0.4);
}

TEST(BackboneTest, DropoutIsTheSamplesOwnAndNoneInEvaluation) {
  const at::NoGradGuard no_grad;
  const auto backbone = small_fixture("alexnet", {.classes = 3});
  const at::Tensor features = backbone->features(fixture_input(2, 64), {});
  const std::vector<size_t> samples = {11, 12}, reversed = {12, 11};
  const auto train = [&](const at::Tensor& maps, const std::vector<size_t>& order, int epoch) {
    return backbone->classify(maps, {.training = true, .seed = 1, .epoch = epoch, .samples = order});
  };

  const at::Tensor trained = train(features, samples, 2);

  EXPECT_TRUE(backbone->classify(features, {}).equal(backbone->classify(features, {})));
  EXPECT_LT((trained - train(features.flip(0), reversed, 2).flip(0)).abs().max().item<float>(), 1e-5);
  EXPECT_GT((trained - train(features, samples, 3)).abs().max().item<float>(), 1e-3);
  EXPECT_GT((trained - backbone->classify(features, {})).abs().max().item<float>(), 1e-3);
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

TEST(BackboneTest, OnlyTheNamedTensorsAreInitialized) {
  const at::NoGradGuard no_grad;
  const auto all = make_backbone(find_backbone("convnext_atto"), {.classes = 5});
  const auto some = make_backbone(find_backbone("convnext_atto"), {.classes = 5});
  all->initialize(1);
  fill_fixture(*some);
  const at::Tensor stem = tensor_named(*some, "downsample_layers.0.0.weight").clone();

  some->initialize(1, std::vector<std::string>{"head.weight", "head.bias"});

  EXPECT_TRUE(tensor_named(*some, "head.weight").equal(tensor_named(*all, "head.weight")));
  EXPECT_TRUE(tensor_named(*some, "downsample_layers.0.0.weight").equal(stem));
}

TEST(BackboneTest, ChannelsLastGivesTheSameFeaturesAndKeepsTheTensors) {
  const at::NoGradGuard no_grad;
  for (const std::string& family : every_kind()) {
    const auto backbone = small_fixture(family, {.classes = 3});
    const std::vector<NamedTensor> before = backbone->state();
    const at::Tensor plain = backbone->features(fixture_input(2, 96), {});

    backbone->to(at::kCPU, /*channels_last=*/true);

    const at::Tensor moved = backbone->features(fixture_input(2, 96), {});
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

TEST(BackboneTest, ImagesTooSmallForItsLayersAreRefused) {
  const at::NoGradGuard no_grad;
  const auto backbone = small_fixture("inception_v3", {.classes = 3});

  EXPECT_EQ(backbone->features(fixture_input(1, 75), {}).size(2), 1);
  EXPECT_THROW(backbone->features(fixture_input(1, 74), {}), ConfigError);
}

TEST(BackboneTest, ImpossibleOptionsAreRefused) {
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.classes = 0}), ConfigError);
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.drop_path = 1}), ConfigError);
  EXPECT_THROW(make_backbone(find_backbone("resnet18"), {.form = Form::kMerged}), ConfigError);
}

}  // namespace
}  // namespace camsweep

#include "workers/checkpoints/model_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "schemas/error.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

BackboneVariant small_convnext(const char* block = "linear") {
  return find_backbone(
      "small",
      {{"small", {{"family", "convnext"}, {"depths", {1, 1, 1, 1}}, {"widths", {4, 4, 8, 8}}, {"block", block}}}});
}

std::unique_ptr<Backbone> fixture(const BackboneVariant& variant, const BackboneOptions& options) {
  std::unique_ptr<Backbone> backbone = make_backbone(variant, options);
  fill_fixture(*backbone);
  return backbone;
}

TensorFile file_of(const Backbone& backbone) {
  TensorFile file;
  for (const NamedTensor& entry : backbone.state()) file.tensors.emplace_back(entry.name, entry.tensor.clone());
  return file;
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string refusal(Backbone& backbone, const TensorFile& file, Strictness strictness) {
  try {
    load_weights(backbone, file, "weights.safetensors", strictness);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "loaded without complaint";
}

TEST(ModelFileTest, AModelComesBackWithItsCardAndItsLogits) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_round_trip.safetensors";
  const auto backbone = fixture(small_convnext(), {.classes = 3, .pool = Pool::kGmp, .drop_path = 0.1});
  const ModelCard card = {.variant = backbone->variant(),
                          .options = backbone->options(),
                          .resolution = 64,
                          .mean = {0.1, 0.2, 0.3},
                          .std = {1, 2, 3},
                          .class_names = {"wren", "tit", "jay"},
                          .epoch = 9};

  const std::string hash = write_model(path, *backbone, card);
  const Model model = read_model(path);

  EXPECT_EQ(hash, sha256_file(path));
  EXPECT_EQ(to_json(model.card.variant), to_json(card.variant));
  EXPECT_EQ(model.card.options.pool, Pool::kGmp);
  EXPECT_EQ(model.card.options.drop_path, 0.1);
  EXPECT_EQ(model.card.resolution, 64);
  EXPECT_EQ(model.card.mean, card.mean);
  EXPECT_EQ(model.card.std, card.std);
  EXPECT_EQ(model.card.class_names, card.class_names);
  EXPECT_EQ(model.card.epoch, 9);
  const at::Tensor images = fixture_input(1, 64);
  EXPECT_TRUE(model.backbone->classify(model.backbone->features(images, {}), {})
                  .equal(backbone->classify(backbone->features(images, {}), {})));
  std::filesystem::remove(path);
}

TEST(ModelFileTest, AFileWithoutACardIsNoModelOfOurs) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_no_card.safetensors";
  write_safetensors(path, file_of(*fixture(small_convnext(), {.classes = 3})), Sync::kNo);

  EXPECT_THROW(read_model(path), ConfigError);

  std::filesystem::remove(path);
}

TEST(ModelFileTest, ADamagedCardIsWrongInput) {
  EXPECT_THROW(model_card({.tensors = {}, .metadata = {{"camsweep", "{"}}}, "x"), ConfigError);
  EXPECT_THROW(model_card({.tensors = {}, .metadata = {{"camsweep", "{\"variant\": {}}"}}}, "x"), ConfigError);
  EXPECT_FALSE(model_card({}, "x").has_value());
}

TEST(LoadWeightsTest, AnotherNumberOfClassesIsRefusedInEvaluationAndReportedInFinetuning) {
  const TensorFile file = file_of(*fixture(small_convnext(), {.classes = 10}));
  const auto backbone = make_backbone(small_convnext(), {.classes = 3});
  backbone->initialize(0);
  const at::Tensor fresh = backbone->classifier_weight().clone();

  const std::string strict = refusal(*backbone, file, Strictness::kStrict);
  const LoadReport report = load_weights(*backbone, file, "x", Strictness::kFinetune);

  EXPECT_NE(strict.find("'head.weight' is [10, 8] where [3, 8] is needed"), std::string::npos) << strict;
  EXPECT_EQ(report.skipped, (std::vector<std::string>{"head.weight", "head.bias"}));
  EXPECT_EQ(report.left_fresh, report.skipped);
  EXPECT_TRUE(backbone->classifier_weight().equal(fresh));
  EXPECT_TRUE(backbone->state().front().tensor.equal(file.tensors.front().second));
}

TEST(LoadWeightsTest, AClassifierTrainedBehindANormIsNotUsedWithoutIt) {
  const TensorFile file = file_of(*fixture(small_convnext(), {.classes = 3, .head = HeadKind::kImagenet}));
  const auto paper = make_backbone(small_convnext(), {.classes = 3, .head = HeadKind::kPaper});
  paper->initialize(0);

  const LoadReport report = load_weights(*paper, file, "x", Strictness::kFinetune);

  EXPECT_TRUE(lists(report.skipped, "norm.weight"));
  EXPECT_TRUE(lists(report.left_fresh, "head.weight"));
}

TEST(LoadWeightsTest, PointwiseWeightsLoadInEitherShape) {
  const TensorFile linear = file_of(*fixture(small_convnext("linear"), {.classes = 3}));
  const auto conv = make_backbone(small_convnext("conv"), {.classes = 3});

  load_weights(*conv, linear, "x", Strictness::kStrict);

  const TensorFile loaded = file_of(*conv);
  EXPECT_TRUE(loaded.find("stages.0.0.pwconv1.weight")->flatten(1).equal(*linear.find("stages.0.0.pwconv1.weight")));
}

TEST(LoadWeightsTest, AFileOfAnotherNetworkIsRefusedByWhatItSeemsToHoldAndChangesNothing) {
  const TensorFile file = file_of(*fixture(find_backbone("resnet18"), {.classes = 3}));
  const auto backbone = fixture(small_convnext(), {.classes = 3});
  const TensorFile before = file_of(*backbone);

  for (const Strictness strictness : {Strictness::kStrict, Strictness::kFinetune}) {
    const std::string message = refusal(*backbone, file, strictness);
    EXPECT_NE(message.find("a ResNet"), std::string::npos) << message;
  }
  for (const auto& [name, tensor] : file_of(*backbone).tensors) EXPECT_TRUE(tensor.equal(*before.find(name)));
}

TEST(LoadWeightsTest, OldFilesWithoutBatchCountersLoadAndHalfPrecisionIsWidened) {
  const auto source = fixture(find_backbone("resnet18"), {.classes = 3});
  TensorFile file;
  for (const NamedTensor& entry : source->state()) {
    if (!entry.name.ends_with("num_batches_tracked")) {
      file.tensors.emplace_back(entry.name, entry.tensor.to(at::kHalf));
    }
  }
  const auto backbone = make_backbone(find_backbone("resnet18"), {.classes = 3});

  const LoadReport report = load_weights(*backbone, file, "x", Strictness::kStrict);

  EXPECT_TRUE(report.left_fresh.empty());
  EXPECT_EQ(backbone->classifier_weight().scalar_type(), at::kFloat);
  EXPECT_TRUE(backbone->classifier_weight().equal(file.find("fc.weight")->to(at::kFloat)));
}

}  // namespace
}  // namespace camsweep

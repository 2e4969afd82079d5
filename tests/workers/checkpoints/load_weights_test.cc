#include "workers/checkpoints/load_weights.h"

#include <gtest/gtest.h>

#include "tests/workers/checkpoints/checkpoint_samples.h"
#include "workers/checkpoints/convert.h"

namespace camsweep {
namespace {

using Names = std::vector<std::string>;

LoadReport load(Backbone& backbone, const CheckpointFile& file, Strictness strictness = Strictness::kStrict) {
  return load_weights(backbone, understand(file), strictness);
}

std::string refusal(Backbone& backbone, const CheckpointFile& file, Strictness strictness = Strictness::kStrict) {
  return camsweep::refusal([&] { load(backbone, file, strictness); });
}

void expect_same_weights(const Backbone& a, const Backbone& b) {
  for (const NamedTensor& entry : a.state()) {
    EXPECT_TRUE(entry.tensor.flatten().equal(tensor_named(b, entry.name).flatten())) << entry.name;
  }
}

TEST(LoadWeightsTest, AnotherNumberOfClassesIsRefusedInEvaluationAndReportedInFinetuning) {
  const auto source = fixture(small_convnext(), {.classes = 10});
  const auto backbone = make_backbone(small_convnext(), {.classes = 3});
  backbone->initialize(0);
  const at::Tensor fresh = backbone->classifier_weight().clone();

  const std::string strict = refusal(*backbone, file_of(*source));
  const LoadReport report = load(*backbone, file_of(*source), Strictness::kFinetune);

  EXPECT_NE(strict.find("not small with 3 classes: 'head.weight' is [10, 8] where [3, 8] is needed"), std::string::npos)
      << strict;
  EXPECT_EQ(report.skipped, (Names{"head.weight", "head.bias"}));
  EXPECT_EQ(report.left_fresh, report.skipped);
  EXPECT_TRUE(backbone->classifier_weight().equal(fresh));
  EXPECT_TRUE(backbone->state().front().tensor.equal(source->state().front().tensor));
}

TEST(LoadWeightsTest, AClassifierTrainedBehindANormIsNotUsedWithoutIt) {
  const auto source = fixture(small_convnext(), {.classes = 3, .head = HeadKind::kImagenet});
  const auto paper = make_backbone(small_convnext(), {.classes = 3, .head = HeadKind::kPaper});
  paper->initialize(0);

  const LoadReport report = load(*paper, file_of(*source), Strictness::kFinetune);

  EXPECT_TRUE(lists(report.skipped, "norm.weight"));
  EXPECT_TRUE(lists(report.left_fresh, "head.weight"));
}

TEST(LoadWeightsTest, AcolsHeadStaysFreshOnAPlainNetworksTrunk) {
  const auto source = fixture(small_convnext(), {.classes = 3, .head = HeadKind::kImagenet});
  const auto acol = make_backbone(
      small_convnext(), {.classes = 3, .head = HeadKind::kImagenet, .erasing = ErasingOptions{.channels = 4}});
  acol->initialize(0);

  const LoadReport report = load(*acol, file_of(*source), Strictness::kFinetune);

  EXPECT_EQ(report.skipped, (Names{"head.weight", "head.bias"}));
  EXPECT_EQ(report.left_fresh.size(), 12u);
  EXPECT_TRUE(lists(report.left_fresh, "classifier_B.4.weight"));
  EXPECT_TRUE(acol->state().front().tensor.equal(source->state().front().tensor));
}

TEST(LoadWeightsTest, PointwiseWeightsAndScalesLoadInEitherShape) {
  const auto linear = fixture(small_convnext("linear"), {.classes = 3});
  std::vector<NamedStoredTensor> tensors;
  for (const NamedTensor& entry : linear->state()) {
    const bool scale = entry.name.ends_with("gamma");
    tensors.push_back({entry.name, stored_in_memory(scale ? entry.tensor.view({-1, 1, 1}) : entry.tensor)});
  }
  const auto conv = make_backbone(small_convnext("conv"), {.classes = 3});

  load(*conv, file_of(tensors));

  expect_same_weights(*linear, *conv);
}

TEST(LoadWeightsTest, OtherShapesOfAsManyValuesAreRefused) {
  const auto source = fixture(small_convnext(), {.classes = 3});
  std::vector<NamedStoredTensor> tensors = stored(source->state());
  for (NamedStoredTensor& entry : tensors) {
    if (entry.name == "stages.0.0.pwconv1.weight") entry.tensor.shape = {4, 16};
  }

  const std::string message = refusal(*source, file_of(tensors));

  EXPECT_NE(message.find("'stages.0.0.pwconv1.weight' is [4, 16] where [16, 4] is needed"), std::string::npos)
      << message;
}

TEST(LoadWeightsTest, AFileOfAnotherNetworkIsRefusedByWhatItHoldsAndChangesNothing) {
  const CheckpointFile file = file_of(*make_backbone(find_backbone("resnet18"), {.classes = 3}));
  const auto backbone = fixture(small_convnext(), {.classes = 3});
  const auto before = fixture(small_convnext(), {.classes = 3});

  for (const Strictness strictness : {Strictness::kStrict, Strictness::kFinetune}) {
    EXPECT_EQ(refusal(*backbone, file, strictness),
              "weights.pth: holds resnet18 (torchvision names, 3 classes), not small with 3 classes: it lacks "
              "'downsample_layers.0.0.weight'");
  }
  expect_same_weights(*backbone, *before);
}

TEST(LoadWeightsTest, AMisfitOfTheSameFamilyNamesTheFirstTensor) {
  const CheckpointFile file = file_of(*make_backbone(find_backbone("convnext_atto"), {.classes = 3}));
  const auto backbone = fixture(small_convnext(), {.classes = 3});

  EXPECT_EQ(refusal(*backbone, file, Strictness::kFinetune),
            "weights.pth: holds convnext_atto (official names, 3 classes), not small with 3 classes: "
            "'downsample_layers.0.0.weight' is [40, 3, 4, 4] where [4, 3, 4, 4] is needed");
}

TEST(LoadWeightsTest, NamesWithTwoPrefixesAreNoNetworks) {
  const auto source = fixture(find_backbone("resnet18"), {.classes = 3});
  std::vector<NamedStoredTensor> tensors = stored(source->state());
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].name = (i % 2 ? "module." : "net.") + tensors[i].name;

  EXPECT_EQ(refusal(*source, file_of(tensors)),
            "weights.pth: holds no network this tool knows by the names of its tensors, such as 'net.conv1.weight'");
}

TEST(LoadWeightsTest, OldFilesWithoutBatchCountersLoadAndHalfPrecisionIsWidened) {
  const auto source = fixture(find_backbone("resnet18"), {.classes = 3});
  std::vector<NamedStoredTensor> tensors;
  for (const NamedTensor& entry : source->state()) {
    if (entry.name.ends_with("num_batches_tracked")) continue;
    tensors.push_back({"module." + entry.name, stored_in_memory(entry.tensor.to(at::kHalf))});
  }
  const auto backbone = make_backbone(find_backbone("resnet18"), {.classes = 3});

  const LoadReport report = load(*backbone, file_of(tensors, "state_dict"));

  EXPECT_TRUE(report.left_fresh.empty());
  EXPECT_EQ(backbone->classifier_weight().scalar_type(), at::kFloat);
  EXPECT_TRUE(backbone->classifier_weight().equal(source->classifier_weight().to(at::kHalf).to(at::kFloat)));
}

TEST(LoadWeightsTest, WhatTheNetworkHasNotIsRefusedInEvaluationAndListedInFinetuning) {
  const auto backbone = fixture(small_convnext(), {.classes = 3});
  std::vector<NamedStoredTensor> tensors = stored(backbone->state());
  tensors.push_back({"mask_token", stored_in_memory(at::zeros({4}))});

  const std::string message = refusal(*backbone, file_of(tensors));

  EXPECT_NE(message.find("it holds 'mask_token', which the network has not"), std::string::npos) << message;
  EXPECT_EQ(load(*backbone, file_of(tensors), Strictness::kFinetune).skipped, Names{"mask_token"});
}

TEST(LoadWeightsTest, MergedKernelsCannotBeTrained) {
  const auto trained = fixture(small_replknet(), {.classes = 3});
  const CheckpointFile merged = file_of(*to_form(*trained, Form::kMerged));

  const std::string message = refusal(*trained, merged, Strictness::kFinetune);

  EXPECT_NE(message.find("3 classes, merged): merged weights cannot be taken apart again"), std::string::npos)
      << message;
}

BackboneVariant small_vgg(const Json& own) {
  Json fields = {{"family", "vgg"}, {"depths", {1, 1, 2, 2, 2}}, {"widths", {4, 4, 8, 8, 8}}};
  fields.update(own);
  return find_backbone("small", {{"small", fields}});
}

// The pools that a localizing form leaves out took numbers among the layers of the source's list.
TEST(LoadWeightsTest, VggsConvolutionsAreAlignedInTheirOrder) {
  for (const char* norm : {"none", "batch"}) {
    const auto full = fixture(small_vgg({{"norm", norm}}), {.classes = 3});
    const auto cam =
        make_backbone(small_vgg({{"norm", norm}, {"tail", "cam"}, {"stride", 8}, {"dropout", 0}}), {.classes = 3});
    cam->initialize(0);

    const LoadReport report = load(*cam, file_of(*full), Strictness::kFinetune);

    EXPECT_EQ(report.left_fresh, (Names{"conv6.weight", "conv6.bias", "fc.weight", "fc.bias"}));
    EXPECT_TRUE(lists(report.skipped, "classifier.6.weight"));
    EXPECT_EQ(report.skipped.size(), 6u);
    const std::string last_of_full = norm == std::string("none") ? "features.18" : "features.25";
    const std::string last_of_cam = norm == std::string("none") ? "features.17" : "features.24";
    EXPECT_TRUE(tensor_named(*cam, last_of_cam + ".weight").equal(tensor_named(*full, last_of_full + ".weight")));
    EXPECT_TRUE(tensor_named(*cam, last_of_cam + ".bias").equal(tensor_named(*full, last_of_full + ".bias")));
  }
}

TEST(LoadWeightsTest, ALocalizingFormTakesTheTrunkAloneAndNeverAClassifierOfTheSameShape) {
  const auto full = fixture(find_backbone("googlenet_aux"), {.classes = 3});
  const auto cam = make_backbone(find_backbone("googlenet_gap"), {.classes = 3});
  cam->initialize(0);
  const at::Tensor fresh = cam->classifier_weight().clone();
  ASSERT_EQ(fresh.sizes(), full->classifier_weight().sizes());

  const LoadReport report = load(*cam, file_of(*full), Strictness::kFinetune);

  EXPECT_TRUE(cam->classifier_weight().equal(fresh));
  EXPECT_TRUE(lists(report.skipped, "inception5b.branch4.1.bn.weight"));
  EXPECT_TRUE(lists(report.left_fresh, "conv6.weight"));
  EXPECT_NE(refusal(*cam, file_of(*full)).find("holds googlenet_aux (torchvision names, 3 classes), not googlenet_gap"),
            std::string::npos);
}

TEST(LoadWeightsTest, EveryLocalizingFormIsFinetunedFromItsPublishedFile) {
  const std::pair<const char*, const char*> nets[] = {
      {"alexnet", "alexnet_gap"}, {"inception_v3_aux", "inception_v3_wsol_28"}, {"resnet18", "resnet18_wsol_28"}};
  for (const auto& [published, form] : nets) {
    const auto backbone = make_backbone(find_backbone(form), {.classes = 3});

    const LoadReport report =
        load(*backbone, file_of(*make_backbone(find_backbone(published), {.classes = 5})), Strictness::kFinetune);

    for (const std::string& name : report.left_fresh) {
      EXPECT_TRUE(name.starts_with("fc.") || name.starts_with("conv6.") || name.starts_with("SPG_A")) << name;
    }
  }
}

TEST(LoadWeightsTest, AuxiliaryClassifiersAreLeftOutWhereTheNetworkHasNone) {
  const auto with = fixture(find_backbone("googlenet_aux"), {.classes = 3});
  const auto without = make_backbone(find_backbone("googlenet"), {.classes = 3});

  const LoadReport report = load(*without, file_of(*with));

  EXPECT_TRUE(lists(report.skipped, "aux2.fc2.weight"));
  EXPECT_TRUE(without->classifier_weight().equal(with->classifier_weight()));
}

// The values of every tensor through three dialects and back.
TEST(ConvertWeightsTest, TheWayFromOfficialNamesThroughTimmAndTorchvisionIsTheIdentity) {
  for (const char* block : {"linear", "conv"}) {
    const auto source = fixture(small_convnext(block), {.classes = 3, .head = HeadKind::kImagenet});
    CheckpointFile file = file_of(*source);
    for (const char* dialect : {"timm", "torchvision", "official"}) {
      const Conversion conversion = convert_weights(understand(file), dialect);
      EXPECT_TRUE(conversion.dropped.empty()) << dialect;
      std::vector<NamedStoredTensor> tensors;
      for (const auto& [name, tensor] : conversion.file.tensors) tensors.push_back({name, stored_in_memory(tensor)});
      file = file_of(tensors);
      EXPECT_EQ(understand(file).identity->dialect, dialect);
    }

    const auto back = make_backbone(small_convnext(block), {.classes = 3, .head = HeadKind::kImagenet});
    load(*back, file);
    expect_same_weights(*source, *back);
  }
}

TEST(ConvertWeightsTest, DtypesAndMetadataStayAndWhatHasNoNameIsReported) {
  const auto source = fixture(small_convnext(), {.classes = 3, .head = HeadKind::kImagenet});
  CheckpointFile file = file_of({});
  for (const NamedTensor& entry : source->state()) {
    file.groups[0].tensors.push_back({entry.name, stored_in_memory(entry.tensor.to(at::kHalf))});
  }
  file.groups[0].tensors.push_back({"mask_token", stored_in_memory(at::zeros({4}))});
  file.metadata["note"] = "kept";

  const Conversion conversion = convert_weights(understand(file), "torchvision");

  EXPECT_EQ(conversion.dropped, Names{"mask_token"});
  EXPECT_EQ(conversion.file.metadata.at("note"), "kept");
  EXPECT_EQ(conversion.file.find("features.1.0.layer_scale")->scalar_type(), at::kHalf);
  EXPECT_EQ(conversion.file.find("features.1.0.layer_scale")->sizes(), (std::vector<int64_t>{4, 1, 1}));
}

// Its shapes tell it apart under our names, where its norm is called as that of others.
TEST(ConvertWeightsTest, ANormOnTheMapSurvivesTheWayThroughTimmsNames) {
  const auto backbone = make_backbone(find_backbone("convnext_tiny_hnf"), {.classes = 3, .head = HeadKind::kImagenet});
  CheckpointFile file = file_of(*backbone);
  for (const char* dialect : {"timm", ""}) {
    std::vector<NamedStoredTensor> tensors;
    for (const auto& [name, tensor] : convert_weights(understand(file), dialect).file.tensors) {
      tensors.push_back({name, stored_in_memory(tensor)});
    }
    file = file_of(tensors);
    EXPECT_EQ(understand(file).identity->variant->name, "convnext_tiny_hnf") << dialect;
  }
}

TEST(ConvertWeightsTest, ADialectThatTheFamilyHasNotIsOneSentence) {
  const CheckpointFile file = file_of(*make_backbone(small_replknet(), {.classes = 3}));

  EXPECT_EQ(camsweep::refusal([&] { convert_weights(understand(file), "timm"); }),
            "weights.pth: replknet has no timm names (it has: official)");
}

}  // namespace
}  // namespace camsweep

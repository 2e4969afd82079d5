#include "workers/checkpoints/identify.h"

#include <gtest/gtest.h>

#include "tests/workers/checkpoints/checkpoint_samples.h"
#include "workers/checkpoints/weights_file.h"

namespace camsweep {
namespace {

std::string held(const CheckpointFile& file) { return describe(known_network(understand(file))); }

std::string held(const BackboneVariant& variant, const BackboneOptions& options) {
  return held(file_of(described(make_backbone(variant, options)->state())));
}

// What tells the networks of a wsolevaluation form apart are strides, which leave no trace in the weights.
std::string without_strides(const std::string& name) {
  const size_t wsol = name.find("_wsol");
  if (name.starts_with("resnet")) return name.substr(0, wsol);
  return name == "inception_v3_wsol_28" ? "inception_v3_wsol_14" : name;
}

TEST(IdentifyTest, EveryVariantOfTheCatalogIsKnownByItsTensors) {
  for (const CatalogEntry& entry : backbone_catalog()) {
    const std::string& name = entry.variant.name;
    const auto backbone = make_backbone(entry.variant, {.classes = 21, .head = HeadKind::kImagenet});
    const WeightsFile file = understand(file_of(described(backbone->state())));
    ASSERT_TRUE(file.identity && file.identity->variant) << name;
    EXPECT_EQ(file.identity->variant->name, without_strides(name));
    EXPECT_TRUE(file.identity->is_named) << name;
    EXPECT_EQ(file.identity->classes, 21) << name;
    EXPECT_EQ(file.identity->head, HeadKind::kImagenet) << name;
    EXPECT_EQ(file.identity->form, Form::kTrain) << name;
  }
}

TEST(IdentifyTest, NetworksOutsideTheCatalogAreDescribedSoThatTheyCanBeBuilt) {
  EXPECT_EQ(held(small_convnext("conv"), {.classes = 3}),
            "convnext of depths 1, 2, 1, 1 and widths 4, 4, 8, 8, not in the catalog (official names, 3 classes)");
  for (const BackboneVariant& variant : {small_convnext("conv"), small_convnext("linear"), small_replknet()}) {
    const auto backbone = make_backbone(variant, {.classes = 3});
    Json found = to_json(*understand(file_of(described(backbone->state()))).identity->variant);
    found["name"] = variant.name;
    EXPECT_EQ(found, to_json(variant));
  }
}

TEST(IdentifyTest, MergedAndFoldedFormsAreKnownAsSuch) {
  EXPECT_EQ(held(find_backbone("replknet_31b"), {.classes = 3, .form = Form::kMerged}),
            "replknet_31b (official names, 3 classes, merged)");
  EXPECT_EQ(held(find_backbone("replknet_xl"), {.classes = 3, .form = Form::kFolded}),
            "replknet_xl (official names, 3 classes, folded)");
  EXPECT_EQ(held(find_backbone("slak_tiny_61"), {.classes = 3, .form = Form::kFolded}),
            "slak_tiny_61 (official names, 3 classes, folded)");
}

TEST(IdentifyTest, ANetworkWithoutItsFinalNormHasTheHeadOfThePaper) {
  const auto backbone = make_backbone(small_convnext(), {.classes = 3, .head = HeadKind::kPaper});

  EXPECT_EQ(understand(file_of(described(backbone->state()))).identity->head, HeadKind::kPaper);
}

TEST(IdentifyTest, StorageOfPointwiseWeightsMakesNoOtherNetwork) {
  std::vector<NamedStoredTensor> tensors =
      described(make_backbone(find_backbone("convnext_atto"), {.classes = 3})->state());
  for (NamedStoredTensor& entry : tensors) {
    if (entry.name.find("pwconv") != std::string::npos && entry.name.ends_with("weight")) entry.tensor.shape.resize(2);
  }

  EXPECT_EQ(held(file_of(tensors)), "convnext_atto (official names, 3 classes)");
}

TEST(IdentifyTest, AMissingClassifierAndShapesOfNoVariantAreSaid) {
  std::vector<NamedStoredTensor> trunk = described(make_backbone(find_backbone("resnet18"), {})->state());
  std::erase_if(trunk, [](const NamedStoredTensor& entry) { return entry.name.starts_with("fc."); });
  const CheckpointFile torso =
      file_of(named({"downsample_layers.0.0.weight", "stages.0.0.dwconv.weight", "head.weight"}));

  EXPECT_EQ(held(file_of(trunk)), "resnet18 (torchvision names, no classifier)");
  EXPECT_EQ(refusal([&] { held(torso); }),
            "weights.pth: holds a convnext of unknown build (official names, no classifier), which no variant of that "
            "family has");
  EXPECT_EQ(refusal([] { held(file_of(named({"bert.weight"}))); }),
            "weights.pth: holds no network this tool knows by the names of its tensors, such as 'bert.weight'");
}

TEST(IdentifyTest, HostileShapesAreOfNoVariant) {
  std::vector<NamedStoredTensor> tensors = described(make_backbone(small_convnext(), {.classes = 3})->state());
  for (NamedStoredTensor& entry : tensors) {
    if (entry.name == "stages.0.0.norm.weight") entry.tensor.shape = {int64_t{1} << 40};
    if (entry.name == "stages.1.0.dwconv.weight") entry.tensor.shape = {};
  }

  EXPECT_EQ(understand(file_of(tensors)).identity->variant, std::nullopt);
}

TEST(IdentifyTest, TwoTensorsOfOneNameAreRefused) {
  EXPECT_EQ(refusal([] {
              held(file_of(named({"downsample_layers.0.0.weight", "stages.0.0.large_kernel.Decom1.conv.weight",
                                  "stages.0.0.large_kernel.LoRA1.bn.bias", "stages.0.0.large_kernel.Decom1.bn.bias"})));
            }),
            "weights.pth: two of its tensors are 'stages.0.0.large_kernel.LoRA1.bn.bias', one of them called "
            "'stages.0.0.large_kernel.Decom1.bn.bias'");
}

}  // namespace
}  // namespace camsweep

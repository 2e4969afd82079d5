#include "workers/checkpoints/dialects.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/workers/checkpoints/checkpoint_samples.h"

namespace camsweep {
namespace {

// A tensor as the sources call it; the names are those of state dicts written by them.
struct Names {
  const char* official;
  const char* timm;
  const char* torchvision;
};

constexpr Names kConvNext[] = {
    {"downsample_layers.0.0.weight", "stem.0.weight", "features.0.0.weight"},
    {"downsample_layers.0.1.bias", "stem.1.bias", "features.0.1.bias"},
    {"downsample_layers.1.0.weight", "stages.1.downsample.0.weight", "features.2.0.weight"},
    {"downsample_layers.3.1.bias", "stages.3.downsample.1.bias", "features.6.1.bias"},
    {"stages.0.0.gamma", "stages.0.blocks.0.gamma", "features.1.0.layer_scale"},
    {"stages.2.8.dwconv.weight", "stages.2.blocks.8.conv_dw.weight", "features.5.8.block.0.weight"},
    {"stages.3.2.norm.bias", "stages.3.blocks.2.norm.bias", "features.7.2.block.2.bias"},
    {"stages.1.1.pwconv1.weight", "stages.1.blocks.1.mlp.fc1.weight", "features.3.1.block.3.weight"},
    {"stages.1.1.pwconv2.bias", "stages.1.blocks.1.mlp.fc2.bias", "features.3.1.block.5.bias"},
    {"norm.weight", "head.norm.weight", "classifier.0.weight"},
    {"head.weight", "head.fc.weight", "classifier.2.weight"},
};

TEST(DialectsTest, ConvNextsTensorsHaveTheNamesOfEachSource) {
  const BackboneVariant variant = find_backbone("convnext_tiny");
  const Dialect& timm = writable_dialect(variant, "timm");
  const Dialect& torchvision = writable_dialect(variant, "torchvision");
  for (const Names& names : kConvNext) {
    EXPECT_EQ(name_in(timm, names.official), names.timm);
    EXPECT_EQ(native_name(timm, names.timm), names.official);
    EXPECT_EQ(name_in(torchvision, names.official), names.torchvision);
    EXPECT_EQ(native_name(torchvision, names.torchvision), names.official);
  }
}

TEST(DialectsTest, OnlyTimmHasNamesForANormOnTheMap) {
  const BackboneVariant variant = find_backbone("convnext_tiny_hnf");

  EXPECT_EQ(name_in(writable_dialect(variant, "timm"), "norm.bias"), "norm_pre.bias");
  EXPECT_EQ(refusal([&] { writable_dialect(variant, "torchvision"); }),
            "convnext_tiny_hnf has no torchvision names (it has: timm)");
  EXPECT_EQ(refusal([&] { writable_dialect(variant, "official"); }),
            "convnext_tiny_hnf has no official names (it has: timm)");
}

TEST(DialectsTest, EveryFamilyIsConvertedToItsOwnNamesAndRefusesThoseItHasNot) {
  for (const CatalogEntry& entry : backbone_catalog()) {
    EXPECT_TRUE(native_dialect(entry.variant).rules.empty()) << entry.variant.name;
  }
  EXPECT_EQ(refusal([] { writable_dialect(find_backbone("replknet_31b"), "timm"); }),
            "replknet_31b has no timm names (it has: official)");
  EXPECT_EQ(writable_dialect(find_backbone("resnet50"), "timm").family, "resnet");
}

TEST(DialectsTest, ConvNextOfCamBackAgainIsTimmsInAWrapper) {
  const Dialect* dialect = find_dialect(named({"0.0.0.weight", "0.1.0.blocks.0.conv_dw.weight"}));

  ASSERT_NE(dialect, nullptr);
  EXPECT_EQ(dialect->name, "CAM-Back-Again");
  EXPECT_EQ(native_name(*dialect, "0.0.1.bias"), "downsample_layers.0.1.bias");
  EXPECT_EQ(native_name(*dialect, "0.1.2.downsample.1.weight"), "downsample_layers.2.1.weight");
  EXPECT_EQ(native_name(*dialect, "0.1.2.blocks.26.mlp.fc2.bias"), "stages.2.26.pwconv2.bias");
  EXPECT_EQ(native_name(*dialect, "1.fc.weight"), "head.weight");
  EXPECT_EQ(native_name(*dialect, "0.2.weight"), "");
}

TEST(DialectsTest, OldAndForeignNamesAreUnderstood) {
  const Dialect* dense =
      find_dialect(named({"features.conv0.weight", "features.denseblock1.denselayer1.conv.1.weight"}));
  const Dialect* mmpretrain =
      find_dialect(named({"backbone.stem.0.conv.weight", "backbone.stages.0.blocks.0.prelkb_bn.weight"}));
  const Dialect* decom =
      find_dialect(named({"downsample_layers.0.0.weight", "stages.0.0.large_kernel.Decom1.conv.weight"}));

  ASSERT_TRUE(dense && mmpretrain && decom);
  EXPECT_EQ(native_name(*dense, "features.denseblock4.denselayer16.norm.2.running_mean"),
            "features.denseblock4.denselayer16.norm2.running_mean");
  EXPECT_EQ(native_name(*dense, "features.transition1.norm.weight"), "features.transition1.norm.weight");
  EXPECT_EQ(native_name(*mmpretrain, "backbone.stages.3.norm.bias"), "norm.bias");
  EXPECT_EQ(native_name(*mmpretrain, "head.fc.weight"), "head.weight");
  EXPECT_EQ(native_name(*mmpretrain, "backbone.transitions.0.1.bn.bias"), "transitions.0.1.bn.bias");
  EXPECT_EQ(native_name(*decom, "stages.2.3.large_kernel.Decom2.bn.bias"), "stages.2.3.large_kernel.LoRA2.bn.bias");
}

TEST(DialectsTest, NamesOfNoSourceHaveNoDialect) {
  EXPECT_EQ(find_dialect(named({"encoder.layer.0.attention.weight"})), nullptr);
  EXPECT_EQ(find_dialect({}), nullptr);
}

TEST(DialectsTest, PointwiseWeightsAndScalesLieAsEachSourceHasThem) {
  const BackboneVariant tiny = find_backbone("convnext_tiny");
  const BackboneVariant atto = find_backbone("convnext_atto");
  const auto shape = [](const BackboneVariant& variant, const char* dialect, const char* name,
                        std::vector<int64_t> own) {
    return shape_in(writable_dialect(variant, dialect), variant, name, std::move(own));
  };
  using Shape = std::vector<int64_t>;

  EXPECT_EQ(shape(tiny, "torchvision", "stages.0.0.gamma", {96}), (Shape{96, 1, 1}));
  EXPECT_EQ(shape(tiny, "timm", "stages.0.0.gamma", {96, 1, 1}), Shape{96});
  EXPECT_EQ(shape(atto, "timm", "stages.0.0.pwconv1.weight", {160, 40}), (Shape{160, 40, 1, 1}));
  EXPECT_EQ(shape(atto, "official", "stages.0.0.pwconv1.weight", {160, 40, 1, 1}), (Shape{160, 40}));
  EXPECT_EQ(shape(tiny, "timm", "stages.0.0.pwconv1.weight", {384, 96}), (Shape{384, 96}));
  EXPECT_EQ(shape(atto, "timm", "stages.0.0.dwconv.weight", {40, 1, 7, 7}), (Shape{40, 1, 7, 7}));
}

}  // namespace
}  // namespace camsweep

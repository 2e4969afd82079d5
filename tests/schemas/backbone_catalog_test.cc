#include "schemas/backbone_catalog.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "schemas/error.h"

namespace camsweep {
namespace {

std::string message_of(const std::string& name, const Json& custom) {
  try {
    find_backbone(name, custom);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const Json kSmall = {{"family", "convnext"}, {"depths", {1, 1, 2, 1}}, {"widths", {16, 32, 64, 128}}};

TEST(BackboneCatalogTest, EveryVariantIsCompleteAndSurvivesJson) {
  std::set<std::string> names;
  for (const auto& [variant, parameters, map_side] : backbone_catalog()) {
    const BackboneVariant again = variant_from_json(to_json(variant));

    EXPECT_EQ(to_json(again), to_json(variant));
    EXPECT_TRUE(names.insert(variant.name).second) << variant.name;
  }
}

TEST(BackboneCatalogTest, UnknownNameNamesTheNearest) {
  const std::string message = message_of("convnext_tinny", Json::object());

  EXPECT_TRUE(contains(message, "unknown backbone 'convnext_tinny'")) << message;
  EXPECT_TRUE(contains(message, "convnext_tiny")) << message;
}

TEST(BackboneCatalogTest, ABlockIsCompletedByItsFamily) {
  const BackboneVariant variant = find_backbone("mine", {{"mine", kSmall}});

  EXPECT_EQ(variant.name, "mine");
  EXPECT_EQ(variant.kernels, (std::vector<int>{7, 7, 7, 7}));
  EXPECT_EQ(variant.ffn_ratio, 4);
  EXPECT_EQ(variant.block, "linear");
}

TEST(BackboneCatalogTest, ABlockCanChangeAVariantOfTheCatalog) {
  const Json custom = {{"wide", {{"base", "convnext_atto"}, {"kernels", {13, 13, 11, 7}}}}};

  const BackboneVariant variant = find_backbone("wide", custom);

  EXPECT_EQ(variant.kernels, (std::vector<int>{13, 13, 11, 7}));
  EXPECT_EQ(variant.widths, find_backbone("convnext_atto").widths);
  EXPECT_EQ(variant.block, "conv");
}

TEST(BackboneCatalogTest, AWrongBlockIsRefusedByFieldName) {
  const auto with = [](const char* field, const Json& value) {
    Json block = kSmall;
    block[field] = value;
    return message_of("mine", {{"mine", block}});
  };

  EXPECT_TRUE(contains(with("depths", {1, 1, 2}), "depths"));
  EXPECT_TRUE(contains(with("depths", {1, 0, 2, 1}), "depths"));
  EXPECT_TRUE(contains(with("widths", {16, 32, 64, "x"}), "widths"));
  EXPECT_TRUE(contains(with("widths", {16, 32, 64, 18446744073709551615U}), "widths"));
  EXPECT_TRUE(contains(with("kernels", {7, 7, 6, 7}), "kernels must be odd"));
  EXPECT_TRUE(contains(with("ffn_ratio", 0), "ffn_ratio"));
  EXPECT_TRUE(contains(with("block", "bottleneck"), "one of linear, conv"));
  EXPECT_TRUE(contains(with("kernel", 7), "did you mean 'kernels'"));
  EXPECT_TRUE(contains(with("family", "convnet"), "unknown family 'convnet'"));
}

TEST(BackboneCatalogTest, ABlockNeedsOneOriginAndANameOfItsOwn) {
  EXPECT_TRUE(contains(message_of("mine", {{"mine", {{"depths", {1, 1, 1, 1}}}}}), "family"));
  EXPECT_TRUE(contains(message_of("mine", {{"mine", 3}}), "expected a map"));
  EXPECT_TRUE(contains(message_of("resnet18", {{"resnet18", kSmall}}), "a name of the catalog"));
}

TEST(BackboneCatalogTest, ASmallKernelWiderThanTheLargeOnesIsRefused) {
  const Json custom = {{"mine", {{"base", "replknet_nano"}, {"small_kernel", 9}}}};

  EXPECT_TRUE(contains(message_of("mine", custom), "small_kernel"));
}

TEST(BackboneCatalogTest, WidthsThatHorNetCannotHalveOftenEnoughAreRefused) {
  const auto with = [](const std::vector<int>& widths, const char* block) {
    return message_of("mine", {{"mine", {{"base", "hornet_tiny_7x7"}, {"widths", widths}, {"block", block}}}});
  };

  EXPECT_EQ(with({16, 16, 32, 32}, "conv"), "no error");
  EXPECT_TRUE(contains(with({7, 14, 28, 56}, "conv"), "a multiple of 2 in stage 0, found 7"));
  EXPECT_TRUE(contains(with({12, 24, 48, 72}, "conv"), "a multiple of 16 in stage 3, found 72"));
  EXPECT_TRUE(contains(with({16, 16, 32, 48}, "filter"), "a multiple of 32 in stage 3, found 48"));
}

TEST(BackboneCatalogTest, VariantsMadeOfFieldsThatDoNotGoTogetherAreRefused) {
  const auto with = [](const char* base, const char* field, const Json& value) {
    return message_of("mine", {{"mine", {{"base", base}, {field, value}}}});
  };

  EXPECT_TRUE(contains(with("vgg16_gap", "stride", 32), "16 or 8 with the tail cam"));
  EXPECT_TRUE(contains(with("vgg16", "stride", 16), "32 with the tail full"));
  EXPECT_TRUE(contains(with("googlenet_gap", "auxiliary", 1), "0 with the tail cam"));
  EXPECT_TRUE(contains(with("resnet18", "stride", 7), "one of 32, 16, 8"));
}

}  // namespace
}  // namespace camsweep

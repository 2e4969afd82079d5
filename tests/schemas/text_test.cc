#include "schemas/text.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

const std::vector<std::string> kNames = {"resnet50", "convnext_tiny", "replknet_31b"};

TEST(TextTest, NearestFindsATypo) {
  EXPECT_EQ(nearest("convnxt_tiny", kNames), "convnext_tiny");
  EXPECT_EQ(nearest("resnet5", kNames), "resnet50");
}

TEST(TextTest, NearestIsEmptyWhenMoreThanAThirdDiffers) {
  EXPECT_EQ(nearest("vgg16", kNames), "");
  EXPECT_EQ(nearest("", kNames), "");
  EXPECT_EQ(nearest("anything", {}), "");
}

TEST(TextTest, DidYouMeanIsAnAppendixOfASentence) {
  EXPECT_EQ(did_you_mean("resnet5", kNames), "; did you mean 'resnet50'?");
  EXPECT_EQ(did_you_mean("vgg16", kNames), "");
}

TEST(TextTest, JoinSeparatesParts) {
  EXPECT_EQ(join({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join({"a", "b"}, " or "), "a or b");
  EXPECT_EQ(join({}), "");
}

TEST(TextTest, DurationsCarryTheirTwoLargestUnits) {
  EXPECT_EQ(format_duration(0), "0.0 s");
  EXPECT_EQ(format_duration(1.5), "1.5 s");
  EXPECT_EQ(format_duration(59.97), "1 min 00 s");
  EXPECT_EQ(format_duration(125), "2 min 05 s");
  EXPECT_EQ(format_duration(3600 * 3 + 60 * 12), "3 h 12 min");
  EXPECT_EQ(format_duration(86400 * 2 + 3600 * 4), "2 d 04 h");
}

TEST(TextTest, BytesCarryABinaryUnit) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(1.5 * 1024 * 1024), "1.5 MiB");
  EXPECT_EQ(format_bytes(1024.0 * 1024 * 1024 - 1), "1.0 GiB");
}

}  // namespace
}  // namespace camsweep

#include "workers/checkpoints/name_pattern.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(NamePatternTest, NumbersAndTheRestAreCarriedOverInOrder) {
  EXPECT_EQ(renamed("stages.2.11.dwconv.weight", "stages.#.#.dwconv.*", "stages.#.blocks.#.conv_dw.*"),
            "stages.2.blocks.11.conv_dw.weight");
  EXPECT_EQ(renamed("features.denseblock1.denselayer12.norm.2.bias", "features.denseblock#.denselayer#.norm.#.*",
                    "features.denseblock#.denselayer#.norm#.*"),
            "features.denseblock1.denselayer12.norm2.bias");
}

TEST(NamePatternTest, AWildcardNeedsSomethingToStandFor) {
  EXPECT_FALSE(matches("stages.x.weight", "stages.#.*"));
  EXPECT_FALSE(matches("head.", "head.*"));
  EXPECT_FALSE(matches("head", "head.*"));
  EXPECT_FALSE(matches("", "*"));
}

TEST(NamePatternTest, APatternMatchesWholeNames) {
  EXPECT_TRUE(matches("Mixed_7a.branch3x3_1.conv.weight", "Mixed_7*"));
  EXPECT_FALSE(matches("head.fc.weight", "head.fc"));
  EXPECT_FALSE(matches("head", "head.fc"));
  EXPECT_EQ(renamed("norm.weight", "head.*", "fc.*"), std::nullopt);
}

}  // namespace
}  // namespace camsweep

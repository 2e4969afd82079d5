#include "workers/commands/published_weights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace camsweep {
namespace {

using Numbers = std::vector<double>;

ModelCard card(const char* name) { return published_card(find_backbone(name), {}, 0); }

TEST(PublishedCardTest, ImagenetsStatisticsAreTheUsualOnes) {
  for (const char* name : {"replknet_31b", "resnet50", "googlenet_gap", "inception_v3_wsol_14"}) {
    EXPECT_EQ(card(name).mean, (Numbers{0.485, 0.456, 0.406})) << name;
    EXPECT_EQ(card(name).std, (Numbers{0.229, 0.224, 0.225})) << name;
  }
}

TEST(PublishedCardTest, NetworksTrainedOnSymmetricallyScaledImagesAreFedWithSuch) {
  for (const char* name : {"replknet_xl", "googlenet", "googlenet_aux", "inception_v3", "inception_v3_aux"}) {
    EXPECT_EQ(card(name).mean, (Numbers{0.5, 0.5, 0.5})) << name;
    EXPECT_EQ(card(name).std, (Numbers{0.5, 0.5, 0.5})) << name;
  }
}

TEST(PublishedCardTest, TheResolutionIsThatOfThePublishedFiguresUnlessItIsGiven) {
  EXPECT_EQ(card("convnext_base").resolution, 224);
  EXPECT_EQ(card("inception_v3").resolution, 299);
  EXPECT_EQ(card("replknet_xl").resolution, 320);
  EXPECT_EQ(card("hornet_large_gf_img384").resolution, 384);
  EXPECT_EQ(published_card(find_backbone("inception_v3"), {}, 96).resolution, 96);
}

}  // namespace
}  // namespace camsweep

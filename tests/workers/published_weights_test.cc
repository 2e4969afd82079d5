#include "workers/commands/published_weights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace camsweep {
namespace {

using Numbers = std::vector<double>;

const Numbers kHalves = {0.5, 0.5, 0.5};
const Numbers kImagenetMean = {0.485, 0.456, 0.406};

ModelCard card(const char* name, const char* file = "") { return published_card(find_backbone(name), {}, file); }

TEST(PublishedCardTest, StatisticsAndResolutionAreThoseOfTheCheckpointCatalog) {
  EXPECT_EQ(card("replknet_31b").mean, kImagenetMean);
  EXPECT_EQ(card("replknet_31b").std, (Numbers{0.229, 0.224, 0.225}));
  EXPECT_EQ(card("replknet_xl").mean, kHalves);
  EXPECT_EQ(card("replknet_xl").std, kHalves);
  EXPECT_EQ(card("replknet_xl").resolution, 320);
  EXPECT_EQ(card("googlenet").mean, kHalves);
  EXPECT_EQ(card("inception_v3").resolution, 299);
  EXPECT_EQ(card("inception_v3_wsol_14").mean, kImagenetMean);
  EXPECT_EQ(card("replknet_nano").mean, kImagenetMean) << "nobody publishes weights of it";
  EXPECT_EQ(card("replknet_nano").resolution, 224);
}

TEST(PublishedCardTest, AFileThatTheCatalogNamesIsFedAsThatFileWants) {
  EXPECT_EQ(card("convnext_base", "/data/convnext_base_22k_1k_384.pth").resolution, 384);
  EXPECT_EQ(card("convnext_base", "/data/convnext_base_384_in22ft1k_CUB.pth").mean, kHalves);
  EXPECT_EQ(card("convnext_base", "/data/my_convnext_base_22k_1k_384.pth").resolution, 224);
  EXPECT_EQ(card("inception_v3", "inception_v3.gluon_in1k/model.safetensors").mean, kImagenetMean);
}

}  // namespace
}  // namespace camsweep

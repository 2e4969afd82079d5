#include "workers/commands/published_weights.h"

#include <gtest/gtest.h>

#include <vector>

namespace camsweep {
namespace {

TEST(PublishedCardTest, StatisticsAreThoseOfTheCheckpointCatalog) {
  const auto mean = [](const char* name) { return published_card(find_backbone(name), {}, 224).mean; };
  const auto deviation = [](const char* name) { return published_card(find_backbone(name), {}, 224).std; };

  EXPECT_EQ(mean("replknet_31b"), (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(deviation("replknet_31b"), (std::vector<double>{0.229, 0.224, 0.225}));
  EXPECT_EQ(mean("replknet_xl"), (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(deviation("replknet_xl"), (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(mean("googlenet"), (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(mean("inception_v3_wsol_14"), (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(mean("replknet_nano"), (std::vector<double>{0.485, 0.456, 0.406})) << "nobody publishes weights of it";
}

}  // namespace
}  // namespace camsweep

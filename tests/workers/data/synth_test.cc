#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "schemas/error.h"
#include "workers/data/dataset.h"

namespace camsweep {
namespace {

const Json kSpec = {{"kind", "synth"}, {"classes", 30}, {"train", 2}, {"val", 1}, {"test", 1}, {"side", 64}};

TEST(SynthDatasetTest, CountsArePerClass) {
  const auto dataset = load_dataset(kSpec);

  EXPECT_EQ(dataset->samples(Split::kTrain).size(), 60u);
  EXPECT_EQ(dataset->samples(Split::kVal).size(), 30u);
  EXPECT_EQ(dataset->samples(Split::kTest).size(), 30u);
  EXPECT_EQ(dataset->classes(), 30);
}

TEST(SynthDatasetTest, AnImageDependsOnSeedSplitAndIndexAlone) {
  const auto dataset = load_dataset(kSpec);
  Json larger = kSpec;
  larger["train"] = 5;
  Json other_seed = kSpec;
  other_seed["seed"] = 1;
  const Sample& sample = dataset->samples(Split::kTrain)[7];

  EXPECT_EQ(load_dataset(larger)->image(sample).rgb, dataset->image(sample).rgb);
  EXPECT_NE(load_dataset(other_seed)->image(sample).rgb, dataset->image(sample).rgb);
  EXPECT_NE(dataset->image(dataset->samples(Split::kTest)[7]).rgb, dataset->image(sample).rgb);
}

// Colour is what the grey background lacks: the box of the coloured pixels is the true one.
TEST(SynthDatasetTest, TheBoxIsTightAroundTheShape) {
  const auto dataset = load_dataset(kSpec);

  for (const Sample& sample : dataset->samples(Split::kTrain)) {
    if (sample.label >= 10) continue;  // red and blue shapes: far from any grey
    const Image image = dataset->image(sample);
    Box seen{image.width, image.height, -1, -1};
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        const uint8_t* pixel = image.rgb.data() + 3 * (y * image.width + x);
        if (std::abs(pixel[0] - pixel[2]) < 90) continue;  // noise differs by at most 50
        seen = {std::min(seen.x0, x), std::min(seen.y0, y), std::max(seen.x1, x), std::max(seen.y1, y)};
      }
    }
    EXPECT_EQ(sample.boxes, (std::vector<Box>{seen})) << sample.id;
  }
}

TEST(SynthDatasetTest, MoreClassesThanShapesAndHuesAreRefused) {
  Json spec = kSpec;
  spec["classes"] = 31;

  EXPECT_THROW(load_dataset(spec), ConfigError);
}

}  // namespace
}  // namespace camsweep

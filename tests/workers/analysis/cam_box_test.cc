#include "workers/analysis/cam_box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace camsweep {
namespace {

constexpr int kSide = 224;
constexpr FrameSize kImage = {448, 112};

ScoreMap zeros() { return {kSide, kSide, std::vector<double>(size_t{kSide} * kSide, 0.0)}; }

void set(ScoreMap& map, const Box& box, double value) {
  for (int y = box.y0; y <= box.y1; ++y) {
    std::fill_n(map.values.begin() + y * map.width + box.x0, box.x1 - box.x0 + 1, value);
  }
}

TEST(CamBoxTest, IsThatOfTheLargestPartAboveAFifthInTheImagesPixels) {
  ScoreMap map = zeros();
  set(map, {10, 20, 29, 39}, 1);
  set(map, {100, 40, 149, 99}, 0.3);
  set(map, {0, 150, 223, 223}, 0.19);

  const CamBox found = cam_box({map, false}, kImage);

  // Outlines end one pixel further right and down, as contours.h draws them.
  EXPECT_EQ(found, (CamBox{{200, 20, 300, 50}, false}));
}

TEST(CamBoxTest, OfAMapThatReachesTheBorderStaysInside) {
  ScoreMap map = zeros();
  set(map, {0, 0, 223, 223}, 1);
  map.values[0] = 0;

  const CamBox found = cam_box({map, false}, kImage);

  EXPECT_EQ(found, (CamBox{{0, 0, 446, 111}, false}));
}

TEST(CamBoxTest, OfAnEmptyMapIsTheWholeImage) {
  const CamBox found = cam_box({zeros(), true}, kImage);

  EXPECT_EQ(found, (CamBox{{0, 0, 447, 111}, true}));
}

}  // namespace
}  // namespace camsweep

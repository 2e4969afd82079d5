#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "schemas/error.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/contours.h"
#include "workers/localization/level_sweep.h"

namespace camsweep {
namespace {

using Boxes = std::vector<Box>;

// Score maps and boxes of wsolevaluation's own tests, and cases computed with OpenCV 4.6.
const ScoreMap kPeak = {4, 5, {0, 0, 0, 0, 0, 0, .4, .4, .4, .6, 0, .4, 1, .8, .6, 0, .4, .4, .4, .6}};
const ScoreMap kParts = {4, 5, {.4, 0, .2, .2, .2, .4, .4, 0, .4, 0, 0, 0, 0, .4, 0, 1, .6, .8, .2, .2}};

LevelMap drawn(const std::vector<std::string>& rows) {
  LevelMap map{static_cast<int>(rows.size()), static_cast<int>(rows[0].size()), {}};
  for (const std::string& row : rows) {
    for (const char c : row) map.levels.push_back(c == '#' ? 255 : 0);
  }
  return map;
}

Boxes largest_at_fifths(const ScoreMap& map) {
  const LevelMap levels = quantize(map);
  Boxes boxes;
  for (const double tau : {0., .2, .4, .6, .8})
    boxes.push_back(largest_contour_box(levels, threshold_level(tau, levels.max())));
  return boxes;
}

auto corners(const Box& box) { return std::tie(box.x0, box.y0, box.x1, box.y1); }
struct ByCorners {
  bool operator()(const Box& a, const Box& b) const { return corners(a) < corners(b); }
};
std::multiset<Box, ByCorners> as_set(const Boxes& boxes) { return {boxes.begin(), boxes.end()}; }

TEST(ContoursTest, LargestBoxesOfThePeerTests) {
  EXPECT_EQ(largest_at_fifths(kPeak), (Boxes{{1, 1, 4, 3}, {1, 1, 4, 3}, {2, 1, 4, 3}, {2, 2, 4, 3}, {2, 2, 3, 3}}));
  EXPECT_EQ(largest_at_fifths(kParts), (Boxes{{0, 0, 4, 3}, {0, 0, 2, 2}, {0, 3, 3, 3}, {2, 3, 3, 3}, {0, 3, 1, 3}}));
}

TEST(ContoursTest, AllBoxesOfThePeerTests) {
  const LevelMap levels = quantize(kParts);
  const std::vector<Boxes> expected = {
      {{0, 0, 4, 3}}, {{0, 1, 4, 3}, {0, 0, 2, 2}}, {{0, 3, 3, 3}}, {{2, 3, 3, 3}, {0, 3, 1, 3}}, {{0, 3, 1, 3}}};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(contour_boxes(levels, threshold_level(static_cast<double>(i) / 5, levels.max())), expected[i]) << i;
  }
}

TEST(ContoursTest, EmptyMapsGiveACornerAndFullMapsTheFrame) {
  EXPECT_EQ(largest_at_fifths({3, 3, std::vector<double>(9, 0)}), Boxes(5, {0, 0, 0, 0}));
  EXPECT_EQ(largest_at_fifths({4, 5, std::vector<double>(20, 1)}), Boxes(5, {0, 0, 4, 3}));
  EXPECT_EQ(largest_at_fifths({4, 5, std::vector<double>(20, .5)}), Boxes(5, {0, 0, 4, 3}));
}

TEST(ContoursTest, EqualAreasGoToTheLastInRasterOrder) {
  const LevelMap points = drawn({".......", ".#...#.", ".......", ".......", ".......", ".#...#.", "......."});

  EXPECT_EQ(largest_contour_box(points, 0), (Box{5, 5, 6, 6}));
  EXPECT_EQ(contour_boxes(points, 0), (Boxes{{5, 5, 6, 6}, {1, 5, 2, 6}, {5, 1, 6, 2}, {1, 1, 2, 2}}));
}

TEST(ContoursTest, AHoleAddsItsRimToAllBoxes) {
  std::vector<std::string> rows(12, "............");
  for (size_t y = 1; y <= 10; ++y) rows[y] = y >= 4 && y <= 7 ? ".###....###." : ".##########.";
  const LevelMap square = drawn(rows);

  EXPECT_EQ(largest_contour_box(square, 0), (Box{1, 1, 11, 11}));
  EXPECT_EQ(contour_boxes(square, 0), (Boxes{{1, 1, 11, 11}, {3, 3, 9, 9}}));
}

TEST(ContoursTest, AreaIsThatOfThePolygonNotAPixelCount) {
  const LevelMap triangle =
      drawn({"########", "........", "........", "...##...", "...#....", "........", "........", "........"});
  const LevelMap corner = drawn({"......", "......", "......", "...###", "...###", "...###"});

  EXPECT_EQ(largest_contour_box(triangle, 0), (Box{3, 3, 5, 5}));
  EXPECT_EQ(as_set(contour_boxes(triangle, 0)), as_set({{3, 3, 5, 5}, {0, 0, 7, 1}}));
  EXPECT_EQ(largest_contour_box(corner, 0), (Box{3, 3, 5, 5}));
}

// One block of opencv_vectors.txt; its boxes are x, y, width, height.
struct Vector {
  LevelMap map;
  int threshold = 0;
  Box single;
  Boxes boxes;
};

std::vector<Vector> read_vectors(const std::string& file) {
  std::ifstream in(file);
  std::vector<Vector> vectors;
  for (std::string word; in >> word;) {
    if (word == "map") {
      Vector& v = vectors.emplace_back();
      in >> v.map.height >> v.map.width >> v.threshold;
      for (int i = 0, level = 0; i < v.map.height * v.map.width && in >> level; ++i) {
        v.map.levels.push_back(static_cast<uint8_t>(level));
      }
      continue;
    }
    Vector& v = vectors.back();
    int x = 0, y = 0, width = 0, height = 0;
    in >> x >> y >> width >> height;
    const Box box = {x, y, std::min(x + width, v.map.width - 1), std::min(y + height, v.map.height - 1)};
    if (word == "single") {
      v.single = box;
    } else {
      v.boxes.push_back(box);
    }
  }
  for (Vector& v : vectors) {
    if (v.boxes.empty()) v.boxes.push_back({});
  }
  return vectors;
}

TEST(ContoursTest, BoxesAreThoseOfOpenCv) {
  const char* other = std::getenv("CAMSWEEP_OPENCV_VECTORS");  // a larger file by opencv_vectors.py
  const std::vector<Vector> vectors =
      read_vectors(other ? other : CAMSWEEP_SOURCE_DIR "/tests/workers/localization/opencv_vectors.txt");

  ASSERT_GE(vectors.size(), 100u);
  for (size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_EQ(largest_contour_box(vectors[i].map, vectors[i].threshold), vectors[i].single) << "map " << i;
    EXPECT_EQ(as_set(contour_boxes(vectors[i].map, vectors[i].threshold)), as_set(vectors[i].boxes)) << "map " << i;
  }
}

LevelMap random_map(std::mt19937& random, int levels) {
  LevelMap map{std::uniform_int_distribution(1, 24)(random), std::uniform_int_distribution(1, 24)(random), {}};
  std::uniform_int_distribution level(0, levels - 1);
  for (int i = 0; i < map.height * map.width; ++i) {
    map.levels.push_back(static_cast<uint8_t>(level(random) * 255 / (levels - 1)));
  }
  return map;
}

TEST(BoxGeometryTest, IouCountsBothCorners) {
  EXPECT_DOUBLE_EQ(iou({1, 2, 5, 6}, {3, 1, 4, 5}), 8.0 / 27);
  EXPECT_EQ(iou({1, 1, 3, 3}, {1, 1, 3, 3}), 1);
  EXPECT_EQ(iou({1, 1, 3, 3}, {4, 4, 5, 5}), 0);
  EXPECT_EQ(iou({0, 0, 0, 0}, {0, 0, 0, 0}), 1);
  EXPECT_THROW(iou({1, 1, 0, 0}, {0, 0, 0, 0}), ConfigError);
}

TEST(BoxGeometryTest, ScalingTruncates) {
  EXPECT_EQ(scale_box({1, 2, 4, 3}, {.width = 20, .height = 10}, {.width = 10, .height = 35}), (Box{0, 7, 2, 10}));
  EXPECT_EQ(scale_box({1, 2, 4, 3}, {.width = 10, .height = 20}, {.width = 35, .height = 10}), (Box{3, 1, 14, 1}));
  EXPECT_EQ(scale_box({1, 2, 1, 2}, {.width = 3, .height = 3}, {.width = 3, .height = 3}), (Box{1, 2, 1, 2}));
}

TEST(BoxAccuracyTest, ThresholdGridsVisitTheLevelsOfThePeer) {
  std::set<int> fine, coarse;
  for (const double tau : threshold_grid(0.001)) fine.insert(threshold_level(tau, 255));
  for (const double tau : threshold_grid(0.01)) coarse.insert(threshold_level(tau, 255));

  EXPECT_EQ(threshold_grid(0.001).size(), 1000u);
  EXPECT_EQ(fine.size(), 255u);
  EXPECT_EQ(coarse.size(), 100u);
}

TEST(BoxAccuracyTest, ThresholdIsTheSmallestThatReachesTheMaximum) {
  LevelMap map{10, 10, std::vector<uint8_t>(100, 51)};  // all of it up to tau 0.2, then the lower right quarter
  for (int y = 5; y < 10; ++y) {
    for (int x = 5; x < 10; ++x) map.levels[static_cast<size_t>(10 * y + x)] = 255;
  }
  BoxAccuracy accuracy(0.01);

  accuracy.add(level_ious(map, {{5, 5, 9, 9}}), map.max(), BoxAccuracy::Classified::kRight);
  accuracy.add(level_ious(map, {{0, 0, 2, 2}}), map.max(), BoxAccuracy::Classified::kRight);

  EXPECT_EQ(accuracy.maxboxacc().value, 50);
  EXPECT_DOUBLE_EQ(accuracy.maxboxacc().threshold, 0.2);
  EXPECT_EQ(accuracy.top1_loc(), 50);
}

TEST(BoxAccuracyTest, SumsOfShardsEqualTheWhole) {
  std::mt19937 random(3);
  BoxAccuracy whole(0.01), first(0.01), second(0.01);
  for (int i = 0; i < 20; ++i) {
    const LevelMap map = random_map(random, 256);
    const Boxes truths = {{0, 0, map.width - 1, map.height - 1}};
    const auto classified = i % 3 ? BoxAccuracy::Classified::kRight : BoxAccuracy::Classified::kWrong;
    whole.add(level_ious(map, truths), map.max(), classified);
    (i % 2 ? first : second).add(level_ious(map, truths), map.max(), classified);
  }

  first.add_bytes(second.bytes());

  EXPECT_EQ(first.bytes(), whole.bytes());
}

TEST(BoxFloorsTest, WholeImageAndBestCentredSquare) {
  BoxFloors floors(100);

  floors.add({{24, 24, 75, 75}});
  floors.add({{0, 0, 99, 99}});

  EXPECT_EQ(floors.whole_image(50), 50);
  EXPECT_EQ(floors.centred(), 100);
  EXPECT_EQ(floors.centred_side(), 71);  // 71 * 71 is the first square above half of 100 * 100
}

}  // namespace
}  // namespace camsweep

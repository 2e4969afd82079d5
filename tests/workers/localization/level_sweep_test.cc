#include "workers/localization/level_sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "workers/localization/box_geometry.h"
#include "workers/localization/contours.h"

namespace camsweep {
namespace {

using Random = std::mt19937;

int between(Random& random, int low, int high) { return std::uniform_int_distribution(low, high)(random); }

enum class Kind { kNoise, kQuantized, kBinary, kConstant, kSmooth, kSmoothWithNoise, kRings };
constexpr Kind kKinds[] = {Kind::kNoise,  Kind::kQuantized,       Kind::kBinary, Kind::kConstant,
                           Kind::kSmooth, Kind::kSmoothWithNoise, Kind::kRings};

struct Size {
  int height = 0;
  int width = 0;
};

LevelMap make_map(Random& random, Kind kind, Size size) {
  LevelMap map{size.height, size.width, {}};
  const double fx = between(random, 1, 90) / 200.0;
  const double fy = between(random, 1, 90) / 200.0;
  const int constant = between(random, 0, 255);
  const int steps = between(random, 2, 6);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double wave = 0.5 + 0.25 * std::sin(fx * x + fy * y) + 0.25 * std::cos(fy * x - fx * y);
      const double ring = 0.5 + 0.5 * std::cos(fx * std::hypot(x - size.width / 2, y - size.height / 2));
      int level = 0;
      if (kind == Kind::kNoise) level = between(random, 0, 255);
      if (kind == Kind::kQuantized) level = between(random, 0, steps - 1) * 255 / (steps - 1);
      if (kind == Kind::kBinary) level = between(random, 0, 9) < 6 ? 255 : 0;
      if (kind == Kind::kConstant) level = constant;
      if (kind == Kind::kSmooth) level = static_cast<int>(255 * wave);
      if (kind == Kind::kSmoothWithNoise) level = static_cast<int>(215 * wave) + between(random, 0, 40);
      if (kind == Kind::kRings) level = static_cast<int>(255 * ring) / 16 * 16;
      map.levels.push_back(static_cast<uint8_t>(level));
    }
  }
  return map;
}

std::vector<Box> make_truths(Random& random, Size size) {
  std::vector<Box> truths;
  for (int i = between(random, 1, 3); i > 0; --i) {
    const auto [x0, x1] = std::minmax({between(random, 0, size.width - 1), between(random, 0, size.width - 1)});
    const auto [y0, y1] = std::minmax({between(random, 0, size.height - 1), between(random, 0, size.height - 1)});
    truths.push_back({x0, y0, x1, y1});
  }
  return truths;
}

// What contours.h draws at each level; levels between those that occur have the foreground of the next one below.
LevelIous by_contours(const LevelMap& map, const std::vector<Box>& truths) {
  const std::set<int> occurring(map.levels.begin(), map.levels.end());
  LevelIous ious;
  for (size_t t = 256; t-- > 0;) {
    if (t < 255 && !occurring.contains(static_cast<int>(t) + 1)) {
      ious.single[t] = ious.single[t + 1];
      ious.multi[t] = ious.multi[t + 1];
      continue;
    }
    ious.single[t] = best_iou(largest_contour_box(map, static_cast<int>(t)), truths);
    for (const Box& box : contour_boxes(map, static_cast<int>(t))) {
      ious.multi[t] = std::max(ious.multi[t], best_iou(box, truths));
    }
  }
  return ious;
}

// Every instruction set of this processor against the contours of every level.
void expect_contours_of_every_level(const LevelMap& map, const std::vector<Box>& truths, const std::string& name) {
  const LevelIous expected = by_contours(map, truths);

  for (const InstructionSet set : instruction_sets()) {
    const ByteKernels& kernels = byte_kernels(set);
    const LevelIous both = level_ious(map, truths, kernels);
    ASSERT_EQ(both.single, expected.single) << name << ", " << to_string(set);
    ASSERT_EQ(both.multi, expected.multi) << name << ", " << to_string(set);
    ASSERT_EQ(single_ious(map, truths, kernels), expected.single) << name << ", " << to_string(set);
    ASSERT_EQ(multi_ious(map, truths, kernels), expected.multi) << name << ", " << to_string(set);
  }
}

TEST(LevelSweepTest, SmallMapsAgreeWithTheContoursOfEveryLevel) {
  Random random(7);
  for (int i = 0; i < 4200; ++i) {
    const Kind kind = kKinds[i % 7];
    const Size size = {between(random, 1, 20), between(random, 1, 20)};
    const LevelMap map = make_map(random, kind, size);
    const std::string name = "map " + std::to_string(i);

    ASSERT_NO_FATAL_FAILURE(expect_contours_of_every_level(map, make_truths(random, size), name));
  }
}

TEST(LevelSweepTest, SingleRowsAndColumnsAgree) {
  Random random(11);
  for (int i = 0; i < 700; ++i) {
    const int length = between(random, 1, 150);
    const Size size = i % 2 == 0 ? Size{1, length} : Size{length, 1};
    const LevelMap map = make_map(random, kKinds[i % 7], size);
    const std::string name = "line " + std::to_string(i);

    ASSERT_NO_FATAL_FAILURE(expect_contours_of_every_level(map, make_truths(random, size), name));
  }
}

// Widths around whole chunks of lanes, where rows are one, two or more words long.
TEST(LevelSweepTest, WidthsAroundChunksAgree) {
  Random random(13);
  for (const int width : {31, 32, 33, 63, 64, 65, 127, 128, 129}) {
    for (const Kind kind : kKinds) {
      const Size size = {between(random, 3, 12), width};
      const LevelMap map = make_map(random, kind, size);
      const std::string name = "width " + std::to_string(width);

      ASSERT_NO_FATAL_FAILURE(expect_contours_of_every_level(map, make_truths(random, size), name));
    }
  }
}

TEST(LevelSweepTest, MapsOfEvaluatedSizeAgree) {
  Random random(17);
  const std::vector<std::pair<Kind, Size>> maps = {{Kind::kSmooth, {224, 224}},    {Kind::kSmoothWithNoise, {96, 96}},
                                                   {Kind::kNoise, {100, 70}},      {Kind::kRings, {224, 224}},
                                                   {Kind::kQuantized, {384, 384}}, {Kind::kBinary, {400, 400}},
                                                   {Kind::kConstant, {224, 224}}};
  for (const auto& [kind, size] : maps) {
    const LevelMap map = make_map(random, kind, size);
    const std::string name = std::to_string(size.height) + " x " + std::to_string(size.width);

    ASSERT_NO_FATAL_FAILURE(expect_contours_of_every_level(map, make_truths(random, size), name));
  }
}

// Many components, each of a few pixels, beyond the memory that a sweep starts with.
TEST(LevelSweepTest, LargeMapsOfNoiseAgreeAtTheirLevels) {
  Random random(19);
  LevelMap map = make_map(random, Kind::kNoise, {700, 900});
  for (uint8_t& level : map.levels) level = static_cast<uint8_t>(level / 64 * 80);
  const std::vector<Box> truths = make_truths(random, {700, 900});

  expect_contours_of_every_level(map, truths, "700 x 900");
}

TEST(LevelSweepTest, DamagedTruthsAreRefused) {
  const LevelMap map{2, 2, {0, 1, 2, 3}};

  EXPECT_THROW(level_ious(map, {{1, 1, 0, 0}}), ConfigError);
}

}  // namespace
}  // namespace camsweep

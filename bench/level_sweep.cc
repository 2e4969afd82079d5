// Boxes of one 224 x 224 map at all 256 levels: the sweep against the contours of each level, which it must equal, and
// its time on smooth maps (what a CAM is) and on independent uniform pixels (the worst a map can be).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <vector>

#include "workers/localization/box_geometry.h"
#include "workers/localization/contours.h"
#include "workers/localization/level_sweep.h"

namespace camsweep {
namespace {

constexpr int kSide = 224;
constexpr int kMaps = 40;

LevelMap noisy_map(std::mt19937& random) {
  LevelMap map{kSide, kSide, std::vector<uint8_t>(size_t{kSide} * kSide)};
  std::uniform_int_distribution level(0, 255);
  for (uint8_t& pixel : map.levels) pixel = static_cast<uint8_t>(level(random));
  return map;
}

// A few waves of random direction and phase.
LevelMap smooth_map(std::mt19937& random) {
  std::uniform_real_distribution<double> frequency(-0.1, 0.1);
  std::vector<double> values(size_t{kSide} * kSide, 0.0);
  for (int wave = 0; wave < 5; ++wave) {
    const double fx = frequency(random), fy = frequency(random), phase = 60 * frequency(random);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] += std::sin(fx * static_cast<double>(i % kSide) + fy * static_cast<double>(i / kSide) + phase);
    }
  }
  const ScoreMap map{kSide, kSide, std::move(values)};
  return quantize(min_max(map).map);
}

bool equals_contours(const LevelMap& map, const std::vector<Box>& truths) {
  const LevelIous ious = level_ious(map, truths);
  for (int t = 0; t < 256; ++t) {
    double multi = 0;
    for (const Box& box : contour_boxes(map, t)) multi = std::max(multi, best_iou(box, truths));
    const auto level = static_cast<size_t>(t);
    if (ious.multi[level] != multi) return false;
    if (ious.single[level] != best_iou(largest_contour_box(map, t), truths)) return false;
  }
  return true;
}

// CPU time of this thread, so that other work on the machine counts little.
double now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

// Median time a map, ms.
double measure(const std::vector<LevelMap>& maps, const std::vector<Box>& truths) {
  std::vector<double> times_ms;
  for (const LevelMap& map : maps) {
    const double start_ms = now_ms();
    level_ious(map, truths);
    times_ms.push_back(now_ms() - start_ms);
  }
  std::nth_element(times_ms.begin(), times_ms.begin() + kMaps / 2, times_ms.end());
  return times_ms[kMaps / 2];
}

int run() {
  std::mt19937 random(1);
  std::vector<LevelMap> smooth, noisy;
  for (int i = 0; i < kMaps; ++i) smooth.push_back(smooth_map(random)), noisy.push_back(noisy_map(random));
  const std::vector<Box> truths = {{40, 30, 180, 190}, {10, 10, 60, 80}};
  if (!equals_contours(smooth[0], truths) || !equals_contours(noisy[0], truths)) {
    fmt::print(stderr, "level_sweep: the sweep differs from the contours of a level\n");
    return 1;
  }
  const double smooth_ms = measure(smooth, truths);
  const double noisy_ms = measure(noisy, truths);
  fmt::print("smooth {:.2f} ms a map, noisy {:.2f} ms, ratio {:.2f}; medians of {} maps of {} x {}\n", smooth_ms,
             noisy_ms, noisy_ms / smooth_ms, kMaps, kSide, kSide);
  return 0;
}

}  // namespace
}  // namespace camsweep

int main() { return camsweep::run(); }

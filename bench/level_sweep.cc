// Boxes of 224 x 224 maps at all 256 levels: the sweep of each instruction set against its plain twin, which draws the
// contours of each level that occurs once, and which it must equal; and against a counting sort of the map, the least
// that any sweep over levels does. Maps are uniform n x n pixels raised bicubically, and 7 x 7 ones with normal noise.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "bench/cpu_time.h"
#include "workers/localization/box_geometry.h"
#include "workers/localization/contours.h"
#include "workers/localization/level_sweep.h"
#include "workers/localization/map_resize.h"

namespace camsweep {
namespace {

constexpr int kSide = 224;
constexpr int kMaps = 40;
constexpr int kCheckedMaps = 2;
const std::vector<Box> kTruths = {{40, 30, 180, 190}};

LevelMap make_map(std::mt19937& random, int grid, double noise) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::normal_distribution<double> normal(0, 1);
  ScoreMap coarse{grid, grid, std::vector<double>(static_cast<size_t>(grid * grid))};
  for (double& value : coarse.values) value = uniform(random);
  ScoreMap map = min_max(resize_map(coarse, kSide, kSide, MapFilter::kBicubic)).map;
  for (double& value : map.values) value += noise * normal(random);
  return quantize(min_max(map).map);
}

// Levels that do not occur repeat the next one above.
IouPerLevel multi_twin(const LevelMap& map) {
  const std::set<int> occurring(map.levels.begin(), map.levels.end());
  IouPerLevel ious{};
  for (size_t t = 256; t-- > 0;) {
    if (t < 255 && !occurring.contains(static_cast<int>(t) + 1)) {
      ious[t] = ious[t + 1];
      continue;
    }
    for (const Box& box : contour_boxes(map, static_cast<int>(t))) ious[t] = std::max(ious[t], best_iou(box, kTruths));
  }
  return ious;
}

bool is_right(const LevelMap& map, const ByteKernels& kernels) {
  const LevelIous found = level_ious(map, kTruths, kernels);
  if (found.multi != multi_twin(map)) return false;
  for (int t = 0; t < 256; ++t) {
    if (found.single[static_cast<size_t>(t)] != best_iou(largest_contour_box(map, t), kTruths)) return false;
  }
  return true;
}

std::vector<uint8_t> counting_sort(const LevelMap& map) {
  std::array<size_t, 257> next{};
  for (const uint8_t level : map.levels) ++next[level + 1u];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<uint8_t> sorted(map.levels.size());
  for (const uint8_t level : map.levels) sorted[next[level]++] = level;
  return sorted;
}

// Median time a map, ms.
double measure(const std::vector<LevelMap>& maps, const std::function<void(const LevelMap&)>& work) {
  std::vector<double> times_ms;
  for (const LevelMap& map : maps) times_ms.push_back(cpu_time_ms([&] { work(map); }));
  const auto middle = times_ms.begin() + static_cast<std::ptrdiff_t>(times_ms.size() / 2);
  std::nth_element(times_ms.begin(), middle, times_ms.end());
  return *middle;
}

// False if a sweep is wrong.
bool report(const char* name, const std::vector<LevelMap>& maps) {
  const std::vector<LevelMap> checked(maps.begin(), maps.begin() + kCheckedMaps);
  const double twin_ms = measure(checked, multi_twin);
  const double sort_ms = measure(maps, counting_sort);
  for (const InstructionSet set : instruction_sets()) {
    const ByteKernels& kernels = byte_kernels(set);
    for (const LevelMap& map : checked) {
      if (is_right(map, kernels)) continue;
      fmt::print(stderr, "level_sweep: {} differs from the contours of a level\n", to_string(set));
      return false;
    }
    const double single_ms = measure(maps, [&](const LevelMap& map) { single_ious(map, kTruths, kernels); });
    const double multi_ms = measure(maps, [&](const LevelMap& map) { multi_ious(map, kTruths, kernels); });
    const double both_ms = measure(maps, [&](const LevelMap& map) { level_ious(map, kTruths, kernels); });
    fmt::print(
        "{:<6} {:<8} single {:.3f} ms, multi {:.3f}, both {:.3f}; multi: twin / {:.0f} ({:.0f} ms), "
        "{:.1f} counting sorts ({:.3f} ms)\n",
        name, to_string(set), single_ms, multi_ms, both_ms, twin_ms / multi_ms, twin_ms, multi_ms / sort_ms, sort_ms);
  }
  return true;
}

int run() {
  struct Kind {
    const char* name;
    int grid;
    double noise;
  };
  std::mt19937 random(1);
  for (const Kind kind : {Kind{"7", 7, 0}, Kind{"14", 14, 0}, Kind{"28", 28, 0}, Kind{"noise", 7, 0.1}}) {
    std::vector<LevelMap> maps;
    for (int i = 0; i < kMaps; ++i) maps.push_back(make_map(random, kind.grid, kind.noise));
    if (!report(kind.name, maps)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace camsweep

int main() { return camsweep::run(); }

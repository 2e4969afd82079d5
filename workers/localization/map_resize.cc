#include "workers/localization/map_resize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace camsweep {
namespace {

// One output sample: four source indices and their weights (bilinear uses the middle two).
struct Taps {
  std::array<int, 4> index{};
  std::array<double, 4> weight{};
};

// Keys' kernel (1981) at distances 1 + f, f, 1 - f, 2 - f; the last weight makes the sum 1.
std::array<float, 4> cubic_weights(float f) {
  constexpr float kA = -0.75f;
  const auto near = [](float x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; };
  const float x = f + 1;
  const std::array<float, 3> first = {((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA, near(f), near(1 - f)};
  return {first[0], first[1], first[2], 1.f - first[0] - first[1] - first[2]};
}

std::vector<Taps> make_taps(int in, int out, MapFilter filter) {
  std::vector<Taps> taps(static_cast<size_t>(out));
  const double scale = 1.0 / (static_cast<double>(out) / in);
  for (int d = 0; d < out; ++d) {
    const double position = (d + 0.5) * scale - 0.5;
    Taps& tap = taps[static_cast<size_t>(d)];
    int first = 0;
    if (filter == MapFilter::kBilinear) {
      const double clamped = std::clamp(position, 0.0, in - 1.0);
      first = static_cast<int>(clamped);
      tap.weight = {0, 1 - (clamped - first), clamped - first, 0};
    } else {
      const auto rounded = static_cast<float>(position);
      first = static_cast<int>(std::floor(rounded));
      const std::array<float, 4> weights = cubic_weights(rounded - static_cast<float>(first));
      std::copy(weights.begin(), weights.end(), tap.weight.begin());
    }
    for (int k = 0; k < 4; ++k) tap.index[static_cast<size_t>(k)] = std::clamp(first - 1 + k, 0, in - 1);
  }
  return taps;
}

}  // namespace

ScoreMap resize_map(const ScoreMap& map, int height, int width, MapFilter filter) {
  const std::vector<Taps> columns = make_taps(map.width, width, filter);
  const std::vector<Taps> rows = make_taps(map.height, height, filter);
  ScoreMap wide{map.height, width, {}};
  wide.values.reserve(static_cast<size_t>(map.height) * columns.size());
  for (int y = 0; y < map.height; ++y) {
    for (const Taps& tap : columns) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) sum += map.at(y, tap.index[k]) * tap.weight[k];
      wide.values.push_back(sum);
    }
  }
  ScoreMap result{height, width, {}};
  result.values.reserve(rows.size() * columns.size());
  for (const Taps& tap : rows) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) sum += wide.at(tap.index[k], x) * tap.weight[k];
      result.values.push_back(sum);
    }
  }
  return result;
}

std::vector<int> nearest_indices(int in, int out) {
  std::vector<int> indices;
  indices.reserve(static_cast<size_t>(out));
  const double step = 1.0 / (static_cast<double>(out) / in);
  for (int d = 0; d < out; ++d) indices.push_back(std::min(static_cast<int>(std::floor(d * step)), in - 1));
  return indices;
}

}  // namespace camsweep

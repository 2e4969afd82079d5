#include "workers/localization/map_resize.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "schemas/vector_clones.h"

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

// In OpenCV's order of sums, whatever the instruction set: fused products would round once less.
CAMSWEEP_VECTOR_CLONES("avx2")
void blend(const std::array<const double*, 4>& rows, const std::array<double, 4>& weight, size_t count, double* out) {
  for (size_t x = 0; x < count; ++x) {
    out[x] = rows[0][x] * weight[0] + rows[1][x] * weight[1] + rows[2][x] * weight[2] + rows[3][x] * weight[3];
  }
}

CAMSWEEP_VECTOR_CLONES("avx2")
void stretch_to_levels(std::span<const double> row, const ValueRange& range, uint8_t* levels) {
  const double span = range.high - range.low;
  for (size_t x = 0; x < row.size(); ++x) levels[x] = level_of((row[x] - range.low) / span);
}

// The rows of a resized map, one at a time.
class ResizedRows {
 public:
  ResizedRows(const ScoreMap& map, int height, int width, MapFilter filter)
      : wide_{map.height, width, std::vector<double>(static_cast<size_t>(map.height) * static_cast<size_t>(width))},
        taps_(make_taps(map.height, height, filter)) {
    const std::vector<Taps> columns = make_taps(map.width, width, filter);
    double* out = wide_.values.data();
    for (int y = 0; y < map.height; ++y) {
      const double* const row = map.row(y);
      for (const Taps& tap : columns) {
        double sum = 0;
        for (size_t k = 0; k < 4; ++k) sum += row[tap.index[k]] * tap.weight[k];
        *out++ = sum;
      }
    }
  }

  void write(int y, double* out) const {
    const Taps& tap = taps_[static_cast<size_t>(y)];
    const std::array<const double*, 4> rows = {wide_.row(tap.index[0]), wide_.row(tap.index[1]),
                                               wide_.row(tap.index[2]), wide_.row(tap.index[3])};
    blend(rows, tap.weight, static_cast<size_t>(wide_.width), out);
  }

 private:
  ScoreMap wide_;  // with the columns of the result and the rows of the source
  std::vector<Taps> taps_;
};

bool is_constant(const ScoreMap& map) {
  const std::optional<ValueRange> range = finite_range(map.values);
  return !range || !(range->high > range->low);
}

}  // namespace

ScoreMap resize_map(const ScoreMap& map, int height, int width, MapFilter filter) {
  const ResizedRows rows(map, height, width, filter);
  ScoreMap result{height, width, std::vector<double>(static_cast<size_t>(height) * static_cast<size_t>(width))};
  double* out = result.values.data();
  for (int y = 0; y < height; ++y, out += width) rows.write(y, out);
  return result;
}

Normalized raise_map(const ScoreMap& map, int height, int width, MapFilter filter) {
  if (!is_constant(map)) return min_max(resize_map(map, height, width, filter));
  return {{height, width, std::vector<double>(static_cast<size_t>(height) * static_cast<size_t>(width))}, true};
}

LevelMap raise_to_levels(const ScoreMap& map, int height, int width, MapFilter filter) {
  LevelMap result{height, width, std::vector<uint8_t>(static_cast<size_t>(height) * static_cast<size_t>(width))};
  if (is_constant(map)) return result;
  const ResizedRows rows(map, height, width, filter);
  std::vector<double> row(static_cast<size_t>(width));
  ValueRange range;
  for (int y = 0; y < height; ++y) {
    rows.write(y, row.data());
    const std::optional<ValueRange> of_row = finite_range(row);
    if (!of_row) return result;  // an overflow
    range = {std::min(range.low, of_row->low), std::max(range.high, of_row->high)};
  }
  if (!(range.high > range.low)) return result;
  uint8_t* level = result.levels.data();
  for (int y = 0; y < height; ++y, level += width) {
    rows.write(y, row.data());
    stretch_to_levels(row, range, level);
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

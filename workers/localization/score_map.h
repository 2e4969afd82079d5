#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace camsweep {

// H x W values, rows from the top.
struct ScoreMap {
  int height = 0;
  int width = 0;
  std::vector<double> values;

  const double* row(int y) const { return values.data() + static_cast<size_t>(y) * static_cast<size_t>(width); }
  double at(int y, int x) const { return row(y)[x]; }
};

// A score map in 8 bits, as boxes are drawn from it.
struct LevelMap {
  int height = 0;
  int width = 0;
  std::vector<uint8_t> levels;

  uint8_t max() const;
};

// trunc(255 v) of a value v in [0, 1]. Spec protocol, 7.2.
inline uint8_t level_of(double value) { return static_cast<uint8_t>(static_cast<int>(255 * value)); }
LevelMap quantize(const ScoreMap& map);

struct ValueRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};
// None if a value is not finite.
std::optional<ValueRange> finite_range(std::span<const double> values);

// (v - min) / (max - min); none for a map that is constant or holds a NaN: callers use zeros and count it.
struct Normalized {
  ScoreMap map;
  bool constant = false;
};
Normalized min_max(const ScoreMap& map);

// 8-bit levels back to [0, 1], by their minimum and maximum. Spec protocol, 3.1, step 7.
Normalized min_max(const LevelMap& map);

}  // namespace camsweep

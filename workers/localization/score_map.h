#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace camsweep {

// H x W values, rows from the top.
struct ScoreMap {
  int height = 0;
  int width = 0;
  std::vector<double> values;

  double at(int y, int x) const {
    return values[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

// A score map in 8 bits, as boxes are drawn from it.
struct LevelMap {
  int height = 0;
  int width = 0;
  std::vector<uint8_t> levels;

  uint8_t max() const;
};

// Each value v in [0, 1] becomes trunc(255 v). Spec protocol, 7.2.
LevelMap quantize(const ScoreMap& map);

// (v - min) / (max - min); none for a map that is constant or holds a NaN: callers use zeros and count it.
struct Normalized {
  ScoreMap map;
  bool constant = false;
};
Normalized min_max(const ScoreMap& map);

// 8-bit levels back to [0, 1], by their minimum and maximum. Spec protocol, 3.1, step 7.
Normalized min_max(const LevelMap& map);

}  // namespace camsweep

#include "workers/localization/score_map.h"

#include <algorithm>
#include <cmath>

namespace camsweep {

uint8_t LevelMap::max() const { return levels.empty() ? 0 : *std::max_element(levels.begin(), levels.end()); }

LevelMap quantize(const ScoreMap& map) {
  LevelMap result{map.height, map.width, std::vector<uint8_t>(map.values.size())};
  std::transform(map.values.begin(), map.values.end(), result.levels.begin(),
                 [](double value) { return static_cast<uint8_t>(255 * value); });
  return result;
}

Normalized min_max(const ScoreMap& map) {
  Normalized result{{map.height, map.width, std::vector<double>(map.values.size(), 0.0)}, true};
  if (map.values.empty()) return result;
  if (!std::all_of(map.values.begin(), map.values.end(), [](double value) { return std::isfinite(value); }))
    return result;
  const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
  const double range = *high - *low;
  if (!(range > 0)) return result;
  result.constant = false;
  std::transform(map.values.begin(), map.values.end(), result.map.values.begin(),
                 [minimum = *low, range](double value) { return (value - minimum) / range; });
  return result;
}

Normalized min_max(const LevelMap& map) {
  return min_max(ScoreMap{map.height, map.width, {map.levels.begin(), map.levels.end()}});
}

}  // namespace camsweep

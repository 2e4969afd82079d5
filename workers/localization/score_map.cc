#include "workers/localization/score_map.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace camsweep {

// Several lanes side by side, because each comparison waits for the one before it.
std::optional<ValueRange> finite_range(std::span<const double> values) {
  constexpr size_t kLanes = 8;
  const ValueRange none;
  std::array<double, kLanes> low, high, probe{};  // the probe is NaN from the first value on that is not finite
  low.fill(none.low);
  high.fill(none.high);
  const auto include = [&](size_t lane, double value) {
    low[lane] = value < low[lane] ? value : low[lane];
    high[lane] = value > high[lane] ? value : high[lane];
    probe[lane] += value * 0;
  };
  const size_t whole = values.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) include(lane, values[i + lane]);
  }
  for (size_t i = whole; i < values.size(); ++i) include(0, values[i]);
  if (!std::all_of(probe.begin(), probe.end(), [](double value) { return value == 0; })) return std::nullopt;
  return ValueRange{*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end())};
}

uint8_t LevelMap::max() const { return levels.empty() ? 0 : *std::max_element(levels.begin(), levels.end()); }

LevelMap quantize(const ScoreMap& map) {
  LevelMap result{map.height, map.width, std::vector<uint8_t>(map.values.size())};
  std::transform(map.values.begin(), map.values.end(), result.levels.begin(), level_of);
  return result;
}

Normalized min_max(const ScoreMap& map) {
  Normalized result{{map.height, map.width, std::vector<double>(map.values.size(), 0.0)}, true};
  const std::optional<ValueRange> range = finite_range(map.values);
  if (!range || !(range->high > range->low)) return result;
  result.constant = false;
  std::transform(map.values.begin(), map.values.end(), result.map.values.begin(),
                 [low = range->low, span = range->high - range->low](double value) { return (value - low) / span; });
  return result;
}

Normalized min_max(const LevelMap& map) {
  return min_max(ScoreMap{map.height, map.width, {map.levels.begin(), map.levels.end()}});
}

}  // namespace camsweep

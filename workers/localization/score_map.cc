#include "workers/localization/score_map.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace camsweep {

namespace {

typedef double Pair __attribute__((vector_size(2 * sizeof(double)), aligned(sizeof(double))));

// The range of every fourth pair.
struct PairRange {
  Pair low = Pair{} + ValueRange{}.low;
  Pair high = Pair{} + ValueRange{}.high;
  Pair probe = {};  // NaN from the first value on that is not finite

  void include(const Pair& pair) {
    low = pair < low ? pair : low;
    high = pair > high ? pair : high;
    probe += pair * 0.0;
  }
};

}  // namespace

// Several ranges side by side, because each comparison waits for the one before it.
std::optional<ValueRange> finite_range(std::span<const double> values) {
  std::array<PairRange, 4> ranges;
  constexpr size_t kBlock = 8;
  const size_t whole = values.size() / kBlock * kBlock;
  for (size_t i = 0; i < whole; i += kBlock) {
    const auto* const pairs = reinterpret_cast<const Pair*>(&values[i]);
    for (size_t k = 0; k < ranges.size(); ++k) ranges[k].include(pairs[k]);
  }
  for (size_t i = whole; i < values.size(); ++i) ranges[0].include(Pair{} + values[i]);
  ValueRange all;
  for (const PairRange& range : ranges) {
    for (int i : {0, 1}) {
      if (range.probe[i] != 0) return std::nullopt;
      all = {std::min(all.low, range.low[i]), std::max(all.high, range.high[i])};
    }
  }
  return all;
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

#include "workers/localization/map_rendering.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "workers/localization/map_resize.h"

namespace camsweep {
namespace {

uint8_t to_level(double value, MapOptions::Pc1Quantization quantization) {
  const double scaled = 255 * value;
  if (quantization == MapOptions::Pc1Quantization::kClip) return static_cast<uint8_t>(std::clamp(scaled, 0.0, 255.0));
  return static_cast<uint8_t>(static_cast<int64_t>(scaled));  // wraps around, as the released script's cast does
}

// v / max, of a map with a positive value and no negative one.
Normalized by_max(ScoreMap map) {
  const double high = *std::max_element(map.values.begin(), map.values.end());
  for (double& value : map.values) value /= high;
  return {std::move(map), false};
}

}  // namespace

Normalized render_map(const ScoreMap& coarse, MapMethod method, const MapOptions& options, int side) {
  return method == MapMethod::kPc1 ? render_pc1(coarse, options.pc1_quantization, side)
                                   : render_activation(coarse, options.heatmap, side);
}

Normalized render_activation(const ScoreMap& map, MapOptions::Heatmap heatmap, int side) {
  if (heatmap == MapOptions::Heatmap::kWsoleval) return raise_map(map, side, side, MapFilter::kBicubic);
  ScoreMap positive = map;
  double high = 0;
  bool finite = true;
  for (double& value : positive.values) {
    finite = finite && std::isfinite(value);
    value = std::max(value, 0.0);
    high = std::max(high, value);
  }
  if (!finite || high <= 0) {
    const auto pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
    return {{side, side, std::vector<double>(pixels, 0.0)}, true};
  }
  for (double& value : positive.values) value /= high;
  if (heatmap == MapOptions::Heatmap::kMax) return by_max(resize_map(positive, side, side, MapFilter::kBilinear));
  return min_max(quantize(resize_map(positive, side, side, MapFilter::kBilinear)));
}

Normalized render_pc1(const ScoreMap& map, MapOptions::Pc1Quantization quantization, int side) {
  if (quantization == MapOptions::Pc1Quantization::kMinMax) return raise_map(map, side, side, MapFilter::kBilinear);
  const ScoreMap resized = resize_map(map, side, side, MapFilter::kBilinear);
  LevelMap levels{side, side, {}};
  for (const double value : resized.values) levels.levels.push_back(to_level(value, quantization));
  return min_max(levels);
}

ScoreMap to_score_map(const at::Tensor& map) {
  const at::Tensor plain = map.to(at::kCPU, at::kDouble).contiguous();
  const double* values = plain.const_data_ptr<double>();
  return {static_cast<int>(plain.size(0)), static_cast<int>(plain.size(1)), {values, values + plain.numel()}};
}

}  // namespace camsweep

#include "workers/localization/component_maps.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

// Channels that differ by less than this part of their mean square are equal up to float32 rounding.
constexpr double kNegligible = 1e-12;

struct Channels {
  Rows rows;
  int dropped = 0;
};

at::Tensor plain(const at::Tensor& values) { return values.to(at::kCPU, at::kFloat).contiguous(); }

Channels raw_channels(const at::Tensor& features) {
  const at::Tensor source = plain(features);
  const auto width = static_cast<int>(source.size(1) * source.size(2));
  Channels channels{Rows(source.size(0), width), 0};
  for (int64_t k = 0; k < source.size(0); ++k) {
    std::copy_n(source.const_data_ptr<float>() + k * width, width, channels.rows.row(k));
  }
  return channels;
}

// Min-max scaling of w_k F_k: that of F_k, turned over where w_k is negative. A weight of zero leaves a constant map.
Channels weighted_channels(const at::Tensor& features, const at::Tensor& weights) {
  const at::Tensor source = plain(features);
  const at::Tensor weight = weights.to(at::kCPU, at::kDouble).contiguous();
  const auto width = static_cast<int>(source.size(1) * source.size(2));
  Channels channels{Rows(source.size(0), width), 0};
  int64_t kept = 0;
  for (int64_t k = 0; k < source.size(0); ++k) {
    float* row = channels.rows.row(kept);
    std::copy_n(source.const_data_ptr<float>() + k * width, width, row);
    std::fill(row + width, row + channels.rows.stride(), row[0]);
    const row_kernels::Range range = row_kernels::range(row, channels.rows.chunks());
    const double sign = weight.const_data_ptr<double>()[k];
    if (!(range.high > range.low) || sign == 0) {
      ++channels.dropped;
      continue;
    }
    const float scale = 1 / (range.high - range.low);
    row_kernels::rescale(row, channels.rows.chunks(), sign > 0 ? range.low : range.high, sign > 0 ? scale : -scale);
    std::fill(row + width, row + channels.rows.stride(), 0.f);
    ++kept;
  }
  channels.rows.truncate(kept);
  return channels;
}

double larger_extreme(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return std::abs(*low) > std::abs(*high) ? *low : *high;
}

// scikit-learn's two conventions: the component's entry, or the score, of largest magnitude is positive.
double sign_of(const std::vector<double>& direction, const Rows& centred, MapOptions::Pc1Sign sign) {
  if (sign == MapOptions::Pc1Sign::kComponent) return larger_extreme(direction) < 0 ? -1 : 1;
  std::vector<double> scores;
  for (int64_t k = 0; k < centred.count(); ++k) {
    scores.push_back(std::inner_product(direction.begin(), direction.end(), centred.row(k), 0.0));
  }
  return larger_extreme(scores) < 0 ? -1 : 1;
}

ScoreMap map_of(const std::vector<double>& values, double scale, const at::Tensor& features) {
  ScoreMap map{static_cast<int>(features.size(1)), static_cast<int>(features.size(2)), values};
  for (double& value : map.values) value *= scale;
  return map;
}

ScoreMap zeros(const at::Tensor& features) {
  return map_of(std::vector<double>(static_cast<size_t>(features.size(1) * features.size(2)), 0.0), 1, features);
}

bool agrees(const ScoreMap& map, const at::Tensor& cam) {
  const ScoreMap other = to_score_map(cam - cam.mean());
  return std::inner_product(map.values.begin(), map.values.end(), other.values.begin(), 0.0) >= 0;
}

}  // namespace

FirstComponent first_component(const at::Tensor& features, const at::Tensor& weights, MapOptions::Pc1Input input,
                               MapOptions::Pc1Sign sign) {
  FirstComponent result{zeros(features), 0, 0, false};
  Channels channels =
      input == MapOptions::Pc1Input::kRaw ? raw_channels(features) : weighted_channels(features, weights);
  result.dropped_channels = channels.dropped;
  const int64_t count = channels.rows.count();
  if (count < 2) return result;
  const double square = channels.rows.sum_of_squares() / static_cast<double>(count);
  channels.rows.centre_columns();
  const std::optional<LeadingComponent> leading = leading_component(channels.rows);
  if (!leading || !(leading->trace > kNegligible * square * static_cast<double>(count - 1))) return result;
  const double direction_sign = sign_of(leading->direction, channels.rows, sign);
  result.map = map_of(leading->direction, direction_sign, features);
  const double high = *std::max_element(result.map.values.begin(), result.map.values.end());
  if (high == 0) return {zeros(features), 0, channels.dropped, false};
  for (double& value : result.map.values) value /= high;
  result.exists = true;
  result.rate = leading->rate();
  if (marks_frame(result.map)) {
    for (double& value : result.map.values) value = 1 - value;
  }
  return result;
}

ScoreMap eigen_map(const at::Tensor& activations, MapOptions::EigenSign sign, const at::Tensor& cam) {
  Channels channels = raw_channels(activations);
  channels.rows.centre_rows();
  const std::optional<LeadingComponent> leading = leading_component(channels.rows);
  if (!leading) return zeros(activations);
  ScoreMap map = map_of(leading->direction, std::sqrt(leading->eigenvalue), activations);
  const bool reversed = sign == MapOptions::EigenSign::kExtreme ? larger_extreme(map.values) < 0
                        : sign == MapOptions::EigenSign::kFrame ? marks_frame(map)
                                                                : !agrees(map, cam);
  if (reversed) {
    for (double& value : map.values) value = -value;
  }
  return map;
}

bool marks_frame(const ScoreMap& map) {
  if (map.height < 2) return false;
  const double mean =
      std::accumulate(map.values.begin(), map.values.end(), 0.0) / static_cast<double>(map.values.size());
  int marked = 0;
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      const bool inside = y >= 1 && y <= map.height - 3 && x >= 1 && x <= map.width - 3;
      marked += !inside && map.at(y, x) > mean;
    }
  }
  return marked > 0.5 * 4 * (map.height - 1);
}

}  // namespace camsweep

#include "workers/localization/pc1.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace camsweep {
namespace {

// Channels that differ by less than this part of their mean square are equal up to float32 rounding.
constexpr double kNegligible = 1e-12;

struct Rows {
  at::Tensor values;  // (channels, positions)
  int dropped = 0;
};

Rows rows_of(const at::Tensor& features, const at::Tensor& weights, MapOptions::Pc1Input input) {
  const at::Tensor raw = features.flatten(1);
  if (input == MapOptions::Pc1Input::kRaw) return {raw, 0};
  const at::Tensor weighted = raw * weights.unsqueeze(1);
  const at::Tensor low = std::get<0>(weighted.min(1, /*keepdim=*/true));
  const at::Tensor range = std::get<0>(weighted.max(1, /*keepdim=*/true)) - low;
  const at::Tensor kept = at::nonzero(range.squeeze(1) > 0).squeeze(1);
  const at::Tensor scaled = (weighted.index_select(0, kept) - low.index_select(0, kept)) / range.index_select(0, kept);
  return {scaled, static_cast<int>(raw.size(0) - kept.numel())};
}

// scikit-learn's two conventions: the component's entry, or the score, of largest magnitude is positive.
at::Tensor with_sign(const at::Tensor& component, const at::Tensor& centred, MapOptions::Pc1Sign sign) {
  const at::Tensor judged = sign == MapOptions::Pc1Sign::kComponent ? component : at::matmul(centred, component);
  const double largest = judged[judged.abs().argmax()].item<double>();
  return largest < 0 ? component.neg() : component;
}

}  // namespace

FirstComponent first_component(const at::Tensor& features, const at::Tensor& weights, MapOptions::Pc1Input input,
                               MapOptions::Pc1Sign sign) {
  const auto height = static_cast<int>(features.size(1));
  const auto width = static_cast<int>(features.size(2));
  FirstComponent result{{height, width, std::vector<double>(static_cast<size_t>(height * width), 0.0)}, 0, 0, false};
  const Rows rows = rows_of(features, weights, input);
  result.dropped_channels = rows.dropped;
  const int64_t channels = rows.values.size(0);
  if (channels < 2 || !at::isfinite(rows.values).all().item<bool>()) return result;

  const at::Tensor centred = rows.values - rows.values.mean(0, /*keepdim=*/true);
  const at::Tensor covariance = at::matmul(centred.t(), centred) / (channels - 1);
  const double trace = covariance.trace().item<double>();
  const double mean_square = rows.values.square().sum(1).mean().item<double>();
  if (!(trace > kNegligible * mean_square)) return result;
  const auto [eigenvalues, eigenvectors] = at::linalg_eigh(covariance);
  const at::Tensor v = with_sign(eigenvectors.select(1, -1), centred, sign);
  const double high = v.max().item<double>();
  if (high == 0) return result;
  result.exists = true;
  result.rate = eigenvalues[-1].item<double>() / trace;
  result.map = to_score_map((v / high).view({height, width}));
  if (marks_frame(result.map)) {
    for (double& value : result.map.values) value = 1 - value;
  }
  return result;
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

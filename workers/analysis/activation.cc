#include "workers/analysis/activation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

namespace camsweep {
namespace {

constexpr size_t kBins = 20;

std::vector<double> to_vector(const at::Tensor& values) {
  const at::Tensor plain = values.to(at::kCPU, at::kDouble).contiguous();
  return {plain.const_data_ptr<double>(), plain.const_data_ptr<double>() + plain.numel()};
}

std::vector<double> share_above(const at::Tensor& rows, double threshold) {
  return to_vector(rows.gt(threshold).to(at::kDouble).mean(1));
}

// None where one of the two is the same for all points.
std::optional<double> pearson(const std::vector<ActivationPoint>& points) {
  double x = 0, y = 0;
  for (const ActivationPoint& point : points) x += std::abs(point.weight), y += point.area_raw;
  const auto n = static_cast<double>(points.size());
  double xy = 0, xx = 0, yy = 0;
  for (const ActivationPoint& point : points) {
    const double dx = std::abs(point.weight) - x / n;
    const double dy = point.area_raw - y / n;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? std::optional(xy / std::sqrt(xx * yy)) : std::nullopt;
}

// Linear between the two nearest ranks, as NumPy does.
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - static_cast<double>(below));
}

struct Range {
  double low = 0;
  double high = 0;

  // Which of `count` equal parts a value lies in; the first where all values are one.
  size_t part(double value, size_t count) const {
    if (!(high > low)) return 0;
    return std::min(static_cast<size_t>((value - low) / (high - low) * static_cast<double>(count)), count - 1);
  }
};

Range range_of(const std::vector<ActivationPoint>& points, double ActivationPoint::*member) {
  const auto [low, high] = std::ranges::minmax(points, {}, member);
  return {low.*member, high.*member};
}

std::vector<Curve> area_quantiles(const std::vector<ActivationPoint>& points) {
  constexpr std::array<std::pair<const char*, double>, 3> kQuantiles = {
      {{"activation.area_q05", .05}, {"activation.area_q50", .5}, {"activation.area_q95", .95}}};
  const Range weights = range_of(points, &ActivationPoint::weight);
  const double width = (weights.high - weights.low) / kBins;
  std::array<std::vector<double>, kBins> bins;
  for (const ActivationPoint& point : points) bins[weights.part(point.weight, kBins)].push_back(point.area_raw);
  std::vector<Curve> curves;
  for (const auto& [name, q] : kQuantiles) {
    Curve& curve = curves.emplace_back(Curve{name, "weight", {}, {}});
    for (size_t i = 0; i < kBins; ++i) {
      if (bins[i].empty()) continue;
      std::sort(bins[i].begin(), bins[i].end());
      curve.x.push_back(weights.low + (static_cast<double>(i) + 0.5) * width);
      curve.y.push_back(quantile(bins[i], q));
    }
  }
  return curves;
}

}  // namespace

std::vector<ActivationPoint> activation_points(const at::Tensor& features, const at::Tensor& weights,
                                               double threshold) {
  const at::Tensor rows = features.flatten(1);
  const double high = rows.max().item<double>();
  const at::Tensor low = std::get<0>(rows.min(1, /*keepdim=*/true));
  const at::Tensor range = std::get<0>(rows.max(1, /*keepdim=*/true)) - low;
  const std::vector<double> weight = to_vector(weights);
  const std::vector<double> gap = to_vector(rows.mean(1));
  const std::vector<double> raw = share_above(rows, threshold);
  const std::vector<double> image =
      high > 0 ? share_above(rows / high * 255, threshold) : std::vector<double>(raw.size(), 0.0);
  const std::vector<double> map = share_above((rows - low) / range * 255, threshold);  // NaN, thus 0, if constant
  std::vector<ActivationPoint> points;
  const std::vector<double> ranges = to_vector(range.squeeze(1));
  for (size_t k = 0; k < weight.size(); ++k) {
    points.push_back({weight[k], gap[k], raw[k], image[k], map[k], ranges[k] == 0, static_cast<int64_t>(k)});
  }
  return points;
}

JobSuccess summarize(const std::vector<ActivationPoint>& points) {
  JobSuccess success;
  if (points.empty()) return success;
  double gap = 0, raw = 0, image = 0, map = 0, constant = 0;
  for (const ActivationPoint& point : points) {
    gap += point.gap;
    raw += point.area_raw;
    image += point.area_image;
    map += point.area_map;
    constant += point.constant;
  }
  const auto n = static_cast<double>(points.size());
  const Range weights = range_of(points, &ActivationPoint::weight), gaps = range_of(points, &ActivationPoint::gap);
  success.metrics = {{"activation.area_mean", {}, raw / n},      {"activation.area_image_mean", {}, image / n},
                     {"activation.area_map_mean", {}, map / n},  {"activation.gap_mean", {}, gap / n},
                     {"activation.gap_low", {}, gaps.low},       {"activation.gap_high", {}, gaps.high},
                     {"activation.weight_low", {}, weights.low}, {"activation.weight_high", {}, weights.high},
                     {"activation.constant_maps", {}, constant}, {"activation.points", {}, n}};
  if (const auto r = pearson(points)) success.metrics.push_back({"activation.pearson_abs_w_area", {}, *r});
  success.curves = area_quantiles(points);
  return success;
}

ScoreMap point_density(const std::vector<ActivationPoint>& points, double ActivationPoint::*member) {
  const Range across = range_of(points, &ActivationPoint::weight), up = range_of(points, member);
  ScoreMap map{kDensityBins, kDensityBins, std::vector<double>(size_t{kDensityBins} * kDensityBins, 0.0)};
  for (const ActivationPoint& point : points) {
    const size_t row = kDensityBins - 1 - up.part(point.*member, kDensityBins);
    map.values[row * kDensityBins + across.part(point.weight, kDensityBins)] += 1;
  }
  for (double& value : map.values) value = std::log1p(value);
  const double high = std::ranges::max(map.values);
  for (double& value : map.values) value /= high;
  return map;
}

}  // namespace camsweep

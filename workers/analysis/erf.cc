#include "workers/analysis/erf.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Sums over any rectangle in constant time.
class IntegralImage {
 public:
  explicit IntegralImage(const ScoreMap& map) : stride_(static_cast<size_t>(map.width) + 1) {
    sums_.assign(stride_ * (static_cast<size_t>(map.height) + 1), 0.0);
    for (size_t y = 0; y < static_cast<size_t>(map.height); ++y) {
      double row = 0;
      for (size_t x = 0; x + 1 < stride_; ++x) {
        row += map.values[y * (stride_ - 1) + x];
        sums_[(y + 1) * stride_ + x + 1] = sums_[y * stride_ + x + 1] + row;
      }
    }
  }
  // Rows and columns first..last, both inside.
  double square(int first, int last) const {
    const auto a = static_cast<size_t>(first);
    const auto b = static_cast<size_t>(last) + 1;
    return sums_[b * stride_ + b] - sums_[a * stride_ + b] - sums_[b * stride_ + a] + sums_[a * stride_ + a];
  }

 private:
  size_t stride_;
  std::vector<double> sums_;
};

double trapezoid(const std::vector<ErfSize>& sizes, const std::function<double(const ErfSize&)>& value) {
  double area = 0;
  for (size_t i = 1; i < sizes.size(); ++i) {
    area += (sizes[i].threshold - sizes[i - 1].threshold) * (value(sizes[i]) + value(sizes[i - 1])) / 2;
  }
  return area;
}

}  // namespace

at::Tensor contribution(Backbone& backbone, const at::Tensor& image) {
  const at::AutoGradMode with_gradient(true);
  at::Tensor input = image.detach().clone();
  input.requires_grad_(true);
  const at::Tensor features = backbone.features(input, {});
  // The gradient with respect to the map, which is ReLU's step at the centre, in the map's own memory format.
  at::Tensor step = at::zeros_like(features);
  const auto centre = [](const at::Tensor& map) { return map.select(3, map.size(3) / 2).select(2, map.size(2) / 2); };
  centre(step).copy_(centre(features).gt(0));
  features.backward(step);
  return input.grad().relu().sum(1)[0].to(at::kCPU, at::kDouble);
}

ScoreMap log_scaled(const ScoreMap& contributions) {
  ScoreMap map = contributions;
  for (double& value : map.values) value = std::log10(value + 1);
  const double high = map.values.empty() ? 0 : *std::max_element(map.values.begin(), map.values.end());
  if (high > 0) {
    for (double& value : map.values) value /= high;
  }
  return map;
}

std::vector<ErfSize> erf_sizes(const ScoreMap& map) {
  CAMSWEEP_CHECK(map.width == map.height && map.width >= 3, "an ERF map is square, of at least 3 pixels");
  const IntegralImage sums(map);
  const int side = map.width;
  const int centre = side / 2;
  const int reach = std::min(centre, side - 1 - centre);
  const double total = sums.square(0, side - 1);
  std::vector<ErfSize> sizes;
  for (const double threshold : kErfThresholds) {
    ErfSize size{threshold, 0, 1, false};
    for (int i = 1; i <= reach && !size.defined; ++i) {
      if (!(sums.square(centre - i, centre + i) / total > threshold)) continue;
      size.side = 2 * i + 1;
      size.ratio = static_cast<double>(size.side) * size.side / (static_cast<double>(side) * side);
      size.defined = true;
    }
    if (!size.defined) size.side = side;
    sizes.push_back(size);
  }
  return sizes;
}

double erf_auc(const std::vector<ErfSize>& sizes) {
  return trapezoid(sizes, [](const ErfSize& size) { return size.ratio; });
}

double erf_side_auc(const std::vector<ErfSize>& sizes, int image_side) {
  return trapezoid(sizes, [image_side](const ErfSize& size) { return static_cast<double>(size.side) / image_side; });
}

}  // namespace camsweep

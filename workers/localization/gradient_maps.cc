#include "workers/localization/gradient_maps.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "schemas/error.h"
#include "workers/localization/map_resize.h"

namespace camsweep {
namespace {

constexpr double kLibraryEps = 1e-6;  // pytorch-grad-cam's, of Grad-CAM++
constexpr double kNoSum = 1e-6;       // XGrad-CAM leaves out channels whose activations sum to less
constexpr double kTanhScale = 2;

at::Tensor weighted(const at::Tensor& weights, const at::Tensor& activations) {
  return at::matmul(weights, activations.flatten(1)).view({activations.size(1), activations.size(2)});
}

at::Tensor plus_plus(const at::Tensor& a, const at::Tensor& g, MapOptions::PlusPlusEps eps) {
  const at::Tensor sums = a.sum({1, 2}, /*keepdim=*/true);
  const at::Tensor square = g.square();
  const double added = eps == MapOptions::PlusPlusEps::kLibrary ? kLibraryEps : 0;
  const at::Tensor denominator = 2 * square + sums * square * g + added;
  const at::Tensor alpha = at::where(g.eq(0).logical_or(denominator.eq(0)), 0.0, square / denominator);
  return weighted((alpha * g.clamp_min(0)).sum({1, 2}), a);
}

at::Tensor x_grad(const at::Tensor& a, const at::Tensor& g) {
  const at::Tensor sums = a.sum({1, 2});
  const at::Tensor weights = (g * a).sum({1, 2}) / sums;
  return weighted(at::where(sums.abs().lt(kNoSum), 0.0, weights), a);
}

}  // namespace

at::Tensor gradient_map(MapMethod method, const at::Tensor& activations, const at::Tensor& gradients,
                        const MapOptions& options) {
  switch (method) {
    case MapMethod::kGradCam:
      return weighted(gradients.mean({1, 2}), activations);
    case MapMethod::kHiResCam:
      return (gradients * activations).sum(0);
    case MapMethod::kXGradCam:
      return x_grad(activations, gradients);
    case MapMethod::kGradCamPp:
      return plus_plus(activations, gradients, options.plus_plus_eps);
    case MapMethod::kLayerCam:
      return (gradients.clamp_min(0) * activations).sum(0);
    default:
      break;
  }
  CAMSWEEP_CHECK(false, "this method takes no gradient");
  return {};
}

ScoreMap fused_layers(const std::vector<ScoreMap>& maps) {
  const ScoreMap& shallowest = maps.front();
  ScoreMap fused{shallowest.height, shallowest.width, std::vector<double>(shallowest.values.size(), 0.0)};
  for (const ScoreMap& map : maps) {
    ScoreMap scaled = map;
    const double high = *std::max_element(map.values.begin(), map.values.end());
    const bool deepest = &map == &maps.back();
    for (double& value : scaled.values) {
      const double share = high > 0 ? std::max(value, 0.0) / high : 0;
      value = deepest ? share : std::tanh(kTanhScale * share);
    }
    scaled = resize_map(scaled, fused.height, fused.width, MapFilter::kBilinear);
    std::transform(fused.values.begin(), fused.values.end(), scaled.values.begin(), fused.values.begin(),
                   [](double a, double b) { return std::max(a, b); });
  }
  return fused;
}

}  // namespace camsweep

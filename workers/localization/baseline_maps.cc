#include "workers/localization/baseline_maps.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "workers/data/random.h"
#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

constexpr int kCentreSide = 56;

}  // namespace

ScoreMap random_weights_map(const at::Tensor& features, uint64_t seed) {
  Random random(seed, Purpose::kRandomMap, /*epoch=*/0, /*index=*/0);
  std::vector<double> weights(static_cast<size_t>(features.size(0)));
  for (double& weight : weights) weight = random.uniform(-1, 1);
  const at::Tensor sum = at::matmul(at::tensor(weights, features.options()), features.flatten(1));
  return to_score_map(sum.view({features.size(1), features.size(2)}));
}

ScoreMap centre_map() {
  ScoreMap map{kCentreSide, kCentreSide, {}};
  const auto distance = [](int i) { return (i + 0.5) / kCentreSide - 0.5; };
  for (int y = 0; y < kCentreSide; ++y) {
    for (int x = 0; x < kCentreSide; ++x) {
      const double square = distance(y) * distance(y) + distance(x) * distance(x);
      map.values.push_back(std::exp(-8 * square));  // 2 s^2 = 1/8
    }
  }
  return map;
}

}  // namespace camsweep

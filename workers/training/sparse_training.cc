#include "workers/training/sparse_training.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace camsweep {

double SparseOptions::prune_at(int64_t step, int64_t total_steps) const {
  constexpr double kLast = 0.005;
  const double done = static_cast<double>(step) / static_cast<double>(total_steps);
  return kLast + (prune - kLast) / 2 * (1 + std::cos(std::numbers::pi * done));
}

std::vector<double> snip_densities(const std::vector<NamedTensor>& parameters, double zeros) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> scores;  // undefined: no gradient
  std::vector<at::Tensor> all;
  for (const NamedTensor& parameter : parameters) {
    if (!is_maskable(parameter)) continue;
    const at::Tensor gradient = parameter.tensor.grad();
    scores.push_back(gradient.defined() ? (parameter.tensor.detach() * gradient).abs() : at::Tensor());
    if (gradient.defined()) all.push_back(scores.back().flatten());
  }
  if (all.empty()) return std::vector<double>(scores.size(), 1.0);
  const at::Tensor flat = at::cat(all);
  const auto dropped = static_cast<int64_t>(zeros * static_cast<double>(flat.numel()));
  std::vector<double> densities(scores.size(), 1.0);
  if (dropped == 0) return densities;
  const at::Tensor threshold = std::get<0>(flat.kthvalue(dropped));  // the largest that is dropped
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i].defined()) densities[i] = scores[i].gt(threshold).to(at::kDouble).mean().item<double>();
  }
  return densities;
}

}  // namespace camsweep

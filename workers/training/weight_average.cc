#include "workers/training/weight_average.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace camsweep {

WeightAverage::WeightAverage(const Backbone& backbone, double decay) : decay_(decay), state_(backbone.state()) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : state_) {
    averages_.push_back(entry.tensor.detach().clone());
    if (!entry.tensor.is_floating_point()) continue;
    averaged_.push_back(averages_.back());
    sources_.push_back(entry.tensor.detach());
  }
}

void WeightAverage::update() {
  const at::NoGradGuard no_grad;
  at::_foreach_lerp_(averaged_, sources_, 1 - decay_);
  for (size_t i = 0; i < state_.size(); ++i) {
    if (!averages_[i].is_floating_point()) averages_[i].copy_(state_[i].tensor);
  }
}

void WeightAverage::follow(const SparseMask& mask) {
  const at::NoGradGuard no_grad;
  for (const SparseMask::Masked& masked : mask.masked()) {
    for (size_t i = 0; i < state_.size(); ++i) {
      if (state_[i].name != masked.name) continue;
      averages_[i].mul_(masked.kept);
      averages_[i].copy_(at::where(masked.grown, state_[i].tensor, averages_[i]));
    }
  }
}

void WeightAverage::exchange() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < state_.size(); ++i) {
    const at::Tensor own = state_[i].tensor.detach().clone();
    state_[i].tensor.detach().copy_(averages_[i]);
    averages_[i].copy_(own);
  }
}

std::vector<NamedTensor> WeightAverage::tensors() const {
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < state_.size(); ++i) named.push_back({"ema." + state_[i].name, averages_[i]});
  return named;
}

}  // namespace camsweep

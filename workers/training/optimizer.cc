#include "workers/training/optimizer.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "schemas/error.h"

namespace camsweep {

bool is_decayed(const NamedTensor& parameter) {
  return parameter.tensor.dim() > 1 && !parameter.name.ends_with("bias");
}

AdamW::AdamW(const std::vector<NamedTensor>& parameters, const AdamWOptions& options) : options_(options) {
  groups_[0].weight_decay = options.weight_decay;
  for (const NamedTensor& parameter : parameters) {
    Group& group = groups_[is_decayed(parameter) ? 0 : 1];
    group.names.push_back(parameter.name);
    group.parameters.push_back(parameter.tensor);
    group.exp_avgs.push_back(at::zeros_like(parameter.tensor));
    group.exp_avg_sqs.push_back(at::zeros_like(parameter.tensor));
    group.steps.push_back(at::zeros({}, parameter.tensor.options().dtype(at::kFloat)));
  }
}

void AdamW::step(double lr) {
  const at::NoGradGuard no_grad;
  for (Group& group : groups_) {
    if (group.parameters.empty()) continue;
    std::vector<at::Tensor> gradients;
    gradients.reserve(group.parameters.size());
    for (const at::Tensor& parameter : group.parameters) gradients.push_back(parameter.grad());
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.parameters, gradients, group.exp_avgs, group.exp_avg_sqs, {}, group.steps, lr,
                      options_.beta1, options_.beta2, group.weight_decay, options_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
  ++steps_done_;
}

std::vector<NamedTensor> AdamW::moments() const {
  std::vector<NamedTensor> moments;
  for (const Group& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      moments.push_back({"exp_avg." + group.names[i], group.exp_avgs[i]});
      moments.push_back({"exp_avg_sq." + group.names[i], group.exp_avg_sqs[i]});
    }
  }
  return moments;
}

void AdamW::set_steps_done(int64_t steps) {
  steps_done_ = steps;
  for (Group& group : groups_) {
    for (at::Tensor& step : group.steps) step.fill_(static_cast<double>(steps));
  }
}

}  // namespace camsweep

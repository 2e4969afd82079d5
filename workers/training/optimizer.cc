#include "workers/training/optimizer.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace camsweep {
namespace {

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const at::Tensor& parameter : parameters) gradients.push_back(parameter.grad());
  return gradients;
}

}  // namespace

Optimizer::Optimizer(std::vector<ParameterGroup> groups, const OptimizerOptions& options) : options_(options) {
  const bool is_adamw = options.kind == OptimizerOptions::Kind::kAdamW;
  for (const ParameterGroup& given : groups) {
    Group& group = groups_.emplace_back();
    group.lr_scale = given.lr_scale;
    group.weight_decay = given.weight_decay;
    for (const NamedTensor& parameter : given.parameters) {
      group.names.push_back(parameter.name);
      group.parameters.push_back(parameter.tensor);
      group.first.push_back(at::zeros_like(parameter.tensor));
      if (!is_adamw) continue;
      group.second.push_back(at::zeros_like(parameter.tensor));
      group.steps.push_back(at::zeros({}, parameter.tensor.options().dtype(at::kFloat)));
    }
  }
}

void Optimizer::step(double lr) {
  const at::NoGradGuard no_grad;
  if (options_.clip_norm > 0) clip();
  for (Group& group : groups_) {
    const std::vector<at::Tensor> gradients = gradients_of(group.parameters);
    const double own_lr = lr * group.lr_scale;
    options_.kind == OptimizerOptions::Kind::kAdamW ? step_adamw(group, gradients, own_lr)
                                                    : step_sgd(group, gradients, own_lr);
  }
  ++steps_done_;
}

void Optimizer::step_adamw(Group& group, const std::vector<at::Tensor>& gradients, double lr) const {
  at::_foreach_add_(group.steps, 1);
  at::_fused_adamw_(group.parameters, gradients, group.first, group.second, {}, group.steps, lr, options_.beta1,
                    options_.beta2, group.weight_decay, options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

// A momentum of zeros makes the first step no special case: it becomes the gradient.
void Optimizer::step_sgd(Group& group, const std::vector<at::Tensor>& gradients, double lr) const {
  const bool has_momentum = options_.momentum > 0;
  at::_fused_sgd_(group.parameters, gradients, has_momentum ? at::TensorList(group.first) : at::TensorList(),
                  group.weight_decay, options_.momentum, lr,
                  /*dampening=*/0, /*nesterov=*/has_momentum, /*maximize=*/false, /*is_first_step=*/false);
}

// As PyTorch's clip_grad_norm_: the 2-norm of all gradients together, and 1e-6 against a division by zero.
void Optimizer::clip() {
  std::vector<at::Tensor> gradients;
  for (const Group& group : groups_) {
    for (at::Tensor& gradient : gradients_of(group.parameters)) gradients.push_back(std::move(gradient));
  }
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  const double factor = options_.clip_norm / (norm + 1e-6);
  if (factor < 1) at::_foreach_mul_(gradients, factor);
}

std::vector<NamedTensor> Optimizer::moments() const {
  const bool is_adamw = options_.kind == OptimizerOptions::Kind::kAdamW;
  std::vector<NamedTensor> moments;
  for (const Group& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      moments.push_back({(is_adamw ? "exp_avg." : "momentum.") + group.names[i], group.first[i]});
      if (is_adamw) moments.push_back({"exp_avg_sq." + group.names[i], group.second[i]});
    }
  }
  return moments;
}

void Optimizer::set_steps_done(int64_t steps) {
  steps_done_ = steps;
  for (Group& group : groups_) {
    for (at::Tensor& step : group.steps) step.fill_(static_cast<double>(steps));
  }
}

}  // namespace camsweep

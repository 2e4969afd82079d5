#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "workers/training/parameter_groups.h"

namespace camsweep {

struct OptimizerOptions {
  // AdamW (Loshchilov and Hutter 2019, algorithm 2), or SGD with Nesterov's momentum as PyTorch counts it: v = momentum
  // * v + g, then w -= lr * (g + momentum * v), with the decay in g.
  enum class Kind { kAdamW, kSgd } kind = Kind::kAdamW;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum = 0.9;
  double clip_norm = 0;  // gradients of a larger norm, all together, are scaled down to it; 0: never
};

// One optimizer step of a network over LibTorch's fused operators. Gradients are read from the parameters, whose
// gradient tensors must exist and stay the same.
class Optimizer {
 public:
  Optimizer(std::vector<ParameterGroup> groups, const OptimizerOptions& options);

  void step(double lr);

  // The moments under "exp_avg.<name>" and "exp_avg_sq.<name>", or "momentum.<name>", aliasing: writing them in place
  // restores a state.
  std::vector<NamedTensor> moments() const;
  int64_t steps_done() const { return steps_done_; }
  void set_steps_done(int64_t steps);

 private:
  struct Group {
    double lr_scale = 1;
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> first;   // moments: AdamW's mean or SGD's momentum
    std::vector<at::Tensor> second;  // AdamW's mean of squares
    std::vector<at::Tensor> steps;   // 0-d, as the fused operator wants them
  };

  void clip();
  void step_adamw(Group& group, const std::vector<at::Tensor>& gradients, double lr) const;
  void step_sgd(Group& group, const std::vector<at::Tensor>& gradients, double lr) const;

  OptimizerOptions options_;
  std::vector<Group> groups_;
  int64_t steps_done_ = 0;
};

}  // namespace camsweep

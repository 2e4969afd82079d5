#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// True for parameters that weight decay applies to: not biases, not other 1-D ones (spec backbones, 2.6).
bool is_decayed(const NamedTensor& parameter);

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
};

// AdamW (Loshchilov and Hutter 2019, algorithm 2) over LibTorch's fused operator, one call per weight-decay group.
// Gradients are read from the parameters, whose gradient tensors must exist and stay the same.
class AdamW {
 public:
  AdamW(const std::vector<NamedTensor>& parameters, const AdamWOptions& options);

  void step(double lr);

  // The moments under "exp_avg.<name>" and "exp_avg_sq.<name>", aliasing: writing them in place restores a state.
  std::vector<NamedTensor> moments() const;
  int64_t steps_done() const { return steps_done_; }
  void set_steps_done(int64_t steps);

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> exp_avgs;
    std::vector<at::Tensor> exp_avg_sqs;
    std::vector<at::Tensor> steps;  // 0-d, as the fused operator wants them
  };

  AdamWOptions options_;
  Group groups_[2];
  int64_t steps_done_ = 0;
};

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/sparsity.h"

namespace camsweep {

// Exponential moving average of a network's state, batch-norm statistics included: a <- decay * a + (1 - decay) * w
// after each optimizer step, from the initial weights on and without a warm-up (timm's ModelEma; spec
// wsol_methods, 7.8). Counters are copied.
class WeightAverage {
 public:
  // Keeps views of the network's tensors: they must stay where they are.
  WeightAverage(const Backbone& backbone, double decay);

  void update();
  // Sparse training: the weights that an exchange of `mask` dropped are zero in the average, too, and those that it
  // regrew start there from the network's (SLaK).
  void follow(const SparseMask& mask);

  // Swaps the average with the network's own state; a second call swaps back.
  void exchange();

  // Under "ema.<key>", aliasing: writing them in place restores a state.
  std::vector<NamedTensor> tensors() const;

 private:
  double decay_;
  std::vector<NamedTensor> state_;    // of the network
  std::vector<at::Tensor> averages_;  // one per entry of state_
  std::vector<at::Tensor> averaged_;  // of them, those of floating point, and what they are averages of
  std::vector<at::Tensor> sources_;
};

}  // namespace camsweep

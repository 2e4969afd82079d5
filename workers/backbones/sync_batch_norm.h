#pragma once

#include <ATen/core/Tensor.h>

#include "workers/backbones/backbone.h"

namespace camsweep {

// Statistics of a batch norm, moved in place.
struct RunningStatistics {
  at::Tensor mean;      // (C)
  at::Tensor variance;  // (C)
  double momentum = 0.1;
};

// Batch norm of a training step with the statistics of the whole gang's batch: what one rank would compute of all
// images (Ioffe and Szegedy 2015, algorithm 1; the variance that `running` takes is the unbiased one). x (N, C, H, W),
// of the gang's N images the rank's own; every rank must call it with maps of one size. Gradients of weight and bias
// are of the rank's images alone, as those of other parameters are.
at::Tensor sync_batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const RunningStatistics& running, double eps, const GangSum& gang);

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "workers/backbones/sparsity.h"

namespace camsweep {

// SLaK's training with dynamic sparsity (spec backbones, 12.3): densities of layers from one batch, random masks, and
// an exchange of the smallest weights for random ones every `interval` steps.
struct SparseOptions {
  double zeros = 0.4;      // share of all maskable weights
  double prune = 0.3;      // share of a layer's weights that the first exchange drops
  int64_t interval = 100;  // steps

  // What an exchange after `step` of `total_steps` drops: from `prune` down to 0.005 by a cosine.
  double prune_at(int64_t step, int64_t total_steps) const;
};

// The share of each maskable parameter that lies in the top 1 - zeros of |w * dL/dw| over all of them (SNIP, Lee et
// al., ICLR 2019), in their order. Reads the gradients that a backward pass left; a parameter without one is left
// dense.
std::vector<double> snip_densities(const std::vector<NamedTensor>& parameters, double zeros);

}  // namespace camsweep

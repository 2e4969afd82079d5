#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// The weights of a sparse network that are kept at zero: SLaK's files store them as zeros among the others, with no
// mask beside them (spec backbones, 12.3). Maskable are parameters of two and of four dimensions; one that is at least
// 99 % dense has no mask.
class SparseMask {
 public:
  // Of the zeros that the network's parameters have now. Keeps views of them: they must stay where they are.
  explicit SparseMask(const Backbone& backbone);

  // Puts the zeros back, after an optimizer's step.
  void apply() const;

  int64_t maskable() const { return maskable_; }  // elements
  int64_t zeros() const { return zeros_; }        // of them, kept at zero

 private:
  struct Masked {
    at::Tensor parameter;
    at::Tensor kept;  // bool: false where the weight stays zero
  };
  std::vector<Masked> masked_;
  int64_t maskable_ = 0;
  int64_t zeros_ = 0;
};

}  // namespace camsweep

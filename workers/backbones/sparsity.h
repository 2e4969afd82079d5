#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// Whether sparse training can set entries of a parameter to zero: those of two and of four dimensions.
bool is_maskable(const NamedTensor& parameter);

// The weights of a sparse network that are kept at zero: SLaK's files store them as zeros among the others, with no
// mask beside them (spec backbones, 12.3). A parameter that is at least 99 % dense has no mask.
class SparseMask {
 public:
  struct Masked {
    std::string name;
    at::Tensor parameter;
    at::Tensor kept;   // bool: false where the weight stays zero
    at::Tensor grown;  // bool: what the last exchange() brought back
  };

  // Of the zeros that the network's parameters have now. Keeps views of them: they must stay where they are.
  explicit SparseMask(const Backbone& backbone);
  // Random zeros, drawn from a hash of (seed, key), at a density for each maskable parameter, in their order.
  SparseMask(const Backbone& backbone, std::span<const double> densities, uint64_t seed);

  // Puts the zeros back, after an optimizer's step.
  void apply() const;

  // Drops the share `rate` of each parameter's kept weights with the smallest magnitudes, and brings back as many, on
  // average, at random places that are zero then, with weights of zero. Drawn from a hash of (seed, key, number).
  void exchange(double rate, uint64_t seed, int64_t number);

  const std::vector<Masked>& masked() const { return masked_; }
  // Under "mask.<key>", aliasing: writing them in place restores a state.
  std::vector<NamedTensor> tensors() const;

  int64_t maskable() const { return maskable_; }  // elements
  int64_t zeros() const;                          // of them, kept at zero

 private:
  void add(const NamedTensor& entry, const at::Tensor& kept);

  std::vector<Masked> masked_;
  int64_t maskable_ = 0;
};

}  // namespace camsweep

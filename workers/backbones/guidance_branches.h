#pragma once

#include <cstdint>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/layers.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// The branches of self-produced guidance (SPG, Zhang et al., ECCV 2018; spec wsol_methods, 4.3), which tell object from
// background at each position of three maps of a trunk. They shape it in training and are no part of the network that
// is kept. Keys as the benchmark of Choe et al. (CVPR 2020) names them, `SPG_*`.
class GuidanceBranches {
 public:
  // For maps of `middle` channels, twice, and `last` channels. Drawn from a hash of (seed, key).
  GuidanceBranches(int64_t middle, int64_t last, uint64_t seed);

  // Logits (N, 1, h, w) of maps (N, C, h, w) behind MethodPoints::guidance, the earlier and the later one, and of the
  // last feature map.
  at::Tensor of_first(const at::Tensor& map, const ForwardContext& context) const;
  at::Tensor of_second(const at::Tensor& map, const ForwardContext& context) const;
  at::Tensor of_last(const at::Tensor& map, const ForwardContext& context) const;

  std::vector<NamedTensor> parameters() const { return registry_.parameters(); }
  void to(at::Device device, at::MemoryFormat format) { registry_.to(device, format); }

 private:
  at::Tensor shared(const at::Tensor& x, const ForwardContext& context) const;

  TensorRegistry registry_;
  Conv2d first_;
  Conv2d second_;
  Conv2d shared_hidden_;
  Conv2d shared_;
  Conv2d last_hidden_;
  Conv2d last_;
};

}  // namespace camsweep

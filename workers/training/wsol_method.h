#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/guidance_branches.h"
#include "workers/data/random.h"
#include "workers/training/wsol_terms.h"

namespace camsweep {

// What a training pass computes.
struct MethodPass {
  at::Tensor logits;         // (N, classes)
  at::Tensor second_logits;  // judged as `logits` are; undefined: none
  at::Tensor penalty;        // what the method adds to the loss; undefined: nothing
};

// How a network is run in training, with a method's steps inside. What is kept of the training does not know of it, but
// for ACoL, whose head is the network's own.
class WsolMethod {
 public:
  // `backbone` is on its device and stays where it is. Throws ConfigError for families without the method's points.
  WsolMethod(Backbone& backbone, const MethodOptions& options, uint64_t seed, at::Device device, bool channels_last);

  // `images` (N, 3, S, S), labels (N).
  MethodPass run(const at::Tensor& images, const at::Tensor& labels, const ForwardContext& context, Random& random);

  // Trained beside the network's, and not kept: SPG's branches.
  std::vector<NamedTensor> parameters() const;

 private:
  MethodPass run_adl(const at::Tensor& images, ForwardContext context, Random& random);
  MethodPass run_acol(const at::Tensor& images, const at::Tensor& labels, const ForwardContext& context);
  MethodPass run_spg(const at::Tensor& images, const at::Tensor& labels, ForwardContext context);
  MethodPass run_bridge(const at::Tensor& images, const at::Tensor& labels, ForwardContext context, Random& random);

  Backbone& backbone_;
  MethodOptions options_;
  std::optional<GuidanceBranches> branches_;
};

}  // namespace camsweep

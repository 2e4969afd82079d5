#include "workers/backbones/sparsity.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>

namespace camsweep {
namespace {

constexpr double kDense = 0.99;

}  // namespace

SparseMask::SparseMask(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : backbone.parameters()) {
    const at::Tensor& parameter = entry.tensor;
    if (parameter.dim() != 2 && parameter.dim() != 4) continue;
    maskable_ += parameter.numel();
    const at::Tensor kept = parameter.ne(0);
    const auto nonzero = kept.sum().item<int64_t>();
    if (static_cast<double>(nonzero) >= kDense * static_cast<double>(parameter.numel())) continue;
    zeros_ += parameter.numel() - nonzero;
    masked_.push_back({parameter, kept});
  }
}

void SparseMask::apply() const {
  const at::NoGradGuard no_grad;
  for (const Masked& masked : masked_) at::Tensor(masked.parameter).mul_(masked.kept);
}

}  // namespace camsweep

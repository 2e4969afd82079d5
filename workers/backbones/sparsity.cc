#include "workers/backbones/sparsity.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "schemas/error.h"
#include "workers/backbones/random.h"

namespace camsweep {
namespace {

constexpr double kDense = 0.99;

// True for each element with probability `share`.
at::Tensor random_mask(at::IntArrayRef sizes, double share, uint64_t stream) {
  at::Tensor mask = at::empty(sizes, at::kBool);
  bool* element = mask.data_ptr<bool>();
  for (int64_t i = 0; i < mask.numel(); ++i) {
    element[i] = unit_float(split_mix(stream, static_cast<uint64_t>(i))) < static_cast<float>(share);
  }
  return mask;
}

}  // namespace

bool is_maskable(const NamedTensor& parameter) { return parameter.tensor.dim() == 2 || parameter.tensor.dim() == 4; }

SparseMask::SparseMask(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : backbone.parameters()) {
    if (is_maskable(entry)) add(entry, entry.tensor.ne(0));
  }
}

SparseMask::SparseMask(const Backbone& backbone, std::span<const double> densities, uint64_t seed) {
  const at::NoGradGuard no_grad;
  size_t position = 0;
  for (const NamedTensor& entry : backbone.parameters()) {
    if (!is_maskable(entry)) continue;
    CAMSWEEP_CHECK(position < densities.size(), "every maskable parameter has a density");
    const double density = densities[position++];
    if (density >= kDense) {
      maskable_ += entry.tensor.numel();
      continue;
    }
    add(entry, random_mask(entry.tensor.sizes(), density, hash_numbers({seed, hash_name(entry.name)}))
                   .to(entry.tensor.device()));
  }
  apply();
}

void SparseMask::add(const NamedTensor& entry, const at::Tensor& kept) {
  maskable_ += entry.tensor.numel();
  const auto nonzero = kept.sum().item<int64_t>();
  if (static_cast<double>(nonzero) >= kDense * static_cast<double>(kept.numel())) return;
  masked_.push_back({entry.name, entry.tensor.detach(), kept, at::zeros_like(kept)});
}

void SparseMask::apply() const {
  const at::NoGradGuard no_grad;
  for (const Masked& masked : masked_) at::Tensor(masked.parameter).mul_(masked.kept);
}

void SparseMask::exchange(double rate, uint64_t seed, int64_t number) {
  const at::NoGradGuard no_grad;
  for (Masked& masked : masked_) {
    const auto active = masked.kept.sum().item<int64_t>();
    const auto dropped = static_cast<int64_t>(std::ceil(rate * static_cast<double>(active)));
    // Weights that are zero already rank below every other.
    const at::Tensor ranks = masked.parameter.abs().masked_fill(masked.kept.logical_not(), -1).flatten();
    const at::Tensor order = std::get<1>(ranks.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
    const int64_t zeros = masked.kept.numel() - active + dropped;
    at::Tensor kept = at::full_like(ranks, 1).to(at::kBool);
    kept.index_fill_(0, order.narrow(0, 0, zeros), false);
    kept = kept.view(masked.kept.sizes());
    const double share = zeros > 0 ? static_cast<double>(dropped) / static_cast<double>(zeros) : 0;
    const uint64_t stream = hash_numbers({seed, hash_name(masked.name), static_cast<uint64_t>(number)});
    masked.grown.copy_(random_mask(kept.sizes(), share, stream).to(kept.device()).logical_and_(kept.logical_not()));
    masked.kept.copy_(kept.logical_or(masked.grown));
    masked.parameter.mul_(kept);
  }
}

std::vector<NamedTensor> SparseMask::tensors() const {
  std::vector<NamedTensor> named;
  for (const Masked& masked : masked_) named.push_back({"mask." + masked.name, masked.kept});
  return named;
}

int64_t SparseMask::zeros() const {
  int64_t zeros = 0;
  for (const Masked& masked : masked_) zeros += masked.kept.numel() - masked.kept.sum().item<int64_t>();
  return zeros;
}

}  // namespace camsweep

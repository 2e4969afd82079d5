#include "workers/backbones/tensor_registry.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <set>
#include <string_view>

#include "workers/backbones/random.h"

namespace camsweep {
namespace {

void fill(at::Tensor target, const Initializer& initializer, uint64_t seed) {
  if (initializer.kind == Initializer::Kind::kConstant) {
    target.fill_(initializer.value);
    return;
  }
  // Drawn in float32, on the CPU and in row-major order: the same values for every device, layout and precision.
  at::Tensor values = at::empty(target.sizes(), at::kFloat);
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  if (initializer.kind == Initializer::Kind::kNormal) {
    values.normal_(0, initializer.value, generator);
  } else {
    values.uniform_(-initializer.value, initializer.value, generator);
  }
  target.copy_(values);
}

}  // namespace

at::Tensor TensorRegistry::add_parameter(std::string name, at::IntArrayRef shape, Initializer initializer) {
  return add(std::move(name), at::empty(shape, at::kFloat), Role::kParameter, initializer);
}

at::Tensor TensorRegistry::add_buffer(std::string name, at::IntArrayRef shape, Initializer initializer) {
  return add(std::move(name), at::empty(shape, at::kFloat), Role::kBuffer, initializer);
}

at::Tensor TensorRegistry::add_counter(std::string name) {
  return add(std::move(name), at::zeros({}, at::kLong), Role::kBuffer, Initializer::constant(0));
}

at::Tensor TensorRegistry::add(std::string name, at::Tensor tensor, Role role, Initializer initializer) {
  entries_.push_back({{std::move(name), tensor}, role, initializer});
  return tensor;
}

std::vector<NamedTensor> TensorRegistry::select(Role role) const {
  std::vector<NamedTensor> selected;
  for (const Entry& entry : entries_) {
    if (entry.role == role) selected.push_back(entry.named);
  }
  return selected;
}

std::vector<NamedTensor> TensorRegistry::parameters() const { return select(Role::kParameter); }

std::vector<NamedTensor> TensorRegistry::buffers() const { return select(Role::kBuffer); }

std::vector<NamedTensor> TensorRegistry::state() const {
  std::vector<NamedTensor> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.named);
  return all;
}

void TensorRegistry::initialize(uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (const Entry& entry : entries_) {
    fill(entry.named.tensor, entry.initializer, hash_numbers({seed, hash_name(entry.named.name)}));
  }
}

void TensorRegistry::initialize(uint64_t seed, std::span<const std::string> names) {
  const at::NoGradGuard no_grad;
  const std::set<std::string_view> wanted(names.begin(), names.end());
  for (const Entry& entry : entries_) {
    if (!wanted.contains(entry.named.name)) continue;
    fill(entry.named.tensor, entry.initializer, hash_numbers({seed, hash_name(entry.named.name)}));
  }
}

void TensorRegistry::to(at::Device device, at::MemoryFormat format_of_4d) {
  const at::NoGradGuard no_grad;
  for (const Entry& entry : entries_) {
    at::Tensor tensor = entry.named.tensor;
    const at::MemoryFormat format = tensor.dim() == 4 ? format_of_4d : at::MemoryFormat::Contiguous;
    tensor.set_data(tensor.to(device).contiguous(format));
  }
}

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// What initialize() fills a tensor with.
struct Initializer {
  enum class Kind { kConstant, kNormal, kUniform };
  Kind kind = Kind::kConstant;
  double value = 0;  // the constant, the standard deviation, or the bound of U(-value, value)

  static Initializer constant(double value) { return {Kind::kConstant, value}; }
  static Initializer normal(double deviation) { return {Kind::kNormal, deviation}; }
  static Initializer uniform(double bound) { return {Kind::kUniform, bound}; }
};

// The tensors of a network in the official order of its state dict. Layers and registry hold the same tensors; whatever
// changes their storage (device, layout) does so in place.
class TensorRegistry {
 public:
  // A new float32 tensor with unspecified values.
  at::Tensor add_parameter(std::string name, at::IntArrayRef shape, Initializer initializer);
  at::Tensor add_buffer(std::string name, at::IntArrayRef shape, Initializer initializer);
  // An int64 scalar, zero from the start because old weight files lack it.
  at::Tensor add_counter(std::string name);

  std::vector<NamedTensor> parameters() const;
  std::vector<NamedTensor> buffers() const;
  std::vector<NamedTensor> state() const;

  // Every tensor is drawn from a generator of its own, hash(seed, name).
  void initialize(uint64_t seed);
  void initialize(uint64_t seed, std::span<const std::string> names);
  void to(at::Device device, at::MemoryFormat format_of_4d);

 private:
  enum class Role { kParameter, kBuffer };
  struct Entry {
    NamedTensor named;
    Role role;
    Initializer initializer;
  };

  at::Tensor add(std::string name, at::Tensor tensor, Role role, Initializer initializer);
  std::vector<NamedTensor> select(Role role) const;

  std::vector<Entry> entries_;
};

}  // namespace camsweep

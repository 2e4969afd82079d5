#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace camsweep {

// A tensor of a weights file: described as soon as the file is opened, read when asked for.
struct StoredTensor {
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;
  // Copies the values into `target`, a tensor of as many elements, row by row, in target's dtype. Throws ConfigError
  // naming the file if it fails or was cut meanwhile.
  std::function<void(const at::Tensor& target)> copy_to;

  int64_t numel() const;
  // A new tensor on the CPU.
  at::Tensor read() const;
};

struct NamedStoredTensor {
  std::string name;
  StoredTensor tensor;
};

StoredTensor stored_in_memory(const at::Tensor& tensor);

}  // namespace camsweep

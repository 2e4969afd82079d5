#include "workers/checkpoints/stored_tensor.h"

#include <ATen/ops/empty.h>

namespace camsweep {

int64_t StoredTensor::numel() const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

at::Tensor StoredTensor::read() const {
  at::Tensor values = at::empty(shape, dtype);
  copy_to(values);
  return values;
}

StoredTensor stored_in_memory(const at::Tensor& tensor) {
  return {.dtype = tensor.scalar_type(), .shape = tensor.sizes().vec(), .copy_to = [tensor](const at::Tensor& target) {
            at::Tensor writable = target;
            writable.copy_(tensor.reshape(target.sizes()));
          }};
}

}  // namespace camsweep

#pragma once

#include <c10/core/ScalarType.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workers/checkpoints/input_file.h"
#include "workers/checkpoints/stored_tensor.h"

namespace camsweep {

// Bytes of a file that tensors are views of.
class Storage {
 public:
  struct Region {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint32_t crc = 0;  // 0: not written, or not to be checked
  };

  // `name` is for messages: the record of an archive.
  Storage(std::shared_ptr<const InputFile> file, std::string name, const Region& region)
      : file_(std::move(file)), name_(std::move(name)), region_(region) {}

  const InputFile& file() const { return *file_; }
  uint64_t bytes() const { return region_.bytes; }

  // Reads [begin, begin + bytes) into `target`. The first read checks the CRC of the whole storage. Throws ConfigError.
  void read(uint64_t begin, void* target, uint64_t bytes) const;

 private:
  void read_checked(void* target) const;
  void check() const;

  std::shared_ptr<const InputFile> file_;
  std::string name_;
  Region region_;
  mutable std::atomic<bool> checked_ = false;
};

// A tensor as a view: element (i, j, ..) is number offset + i * strides[0] + j * strides[1] + .. of its storage.
struct StorageView {
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  int64_t offset = 0;
};

// Throws ConfigError naming the tensor unless the view lies in the storage and has no more elements than it.
StoredTensor stored_view(std::shared_ptr<const Storage> storage, const StorageView& view, const std::string& name);

}  // namespace camsweep

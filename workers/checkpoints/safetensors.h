#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "schemas/files.h"

namespace camsweep {

// A safetensors file in memory: tensors in file order and the string map `__metadata__`.
struct TensorFile {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  std::map<std::string, std::string> metadata;

  const at::Tensor* find(const std::string& name) const;
};

// Throws ConfigError naming the file and what is wrong (spec backbones, 14.4); header limits are checked before
// anything is allocated. Tensors are copies, on the CPU.
TensorFile read_safetensors(const std::filesystem::path& file);

// Written beside and renamed; returns the file's SHA-256. Throws Error (kDiskFull, kEnvironment).
std::string write_safetensors(const std::filesystem::path& file, const TensorFile& content, Sync sync);

}  // namespace camsweep

#pragma once

#include <string>
#include <vector>

#include "workers/checkpoints/safetensors.h"
#include "workers/checkpoints/weights_file.h"

namespace camsweep {

struct Conversion {
  TensorFile file;                   // values and dtypes as they were, metadata kept
  std::vector<std::string> dropped;  // tensors that the dialect has no name for
};

// The weights under the names and in the shapes of a dialect ("" for our own names). Throws ConfigError if the network
// is not known or has no such dialect.
Conversion convert_weights(const WeightsFile& file, const std::string& dialect);

}  // namespace camsweep

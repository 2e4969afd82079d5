#pragma once

#include <string>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/checkpoints/weights_file.h"

namespace camsweep {

enum class Strictness {
  kStrict,   // evaluation: every tensor must be there and fit
  kFinetune  // the head is left as initialized where the file's does not fit; whatever else the file has is listed
};

struct LoadReport {
  std::vector<std::string> skipped;     // in the file, not used
  std::vector<std::string> left_fresh;  // in the network, not in the file
};

// Copies a file's tensors into a network, in one pass over the file (spec backbones, 15, rules 4 to 7). Auxiliary
// classifiers that the network lacks are skipped. Throws ConfigError naming the first tensor that does not fit and what
// the file holds, before anything is copied; or if the file fails while it is read.
LoadReport load_weights(Backbone& backbone, const WeightsFile& file, Strictness strictness);

}  // namespace camsweep

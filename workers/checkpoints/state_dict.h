#pragma once

#include <string>
#include <vector>

#include "workers/checkpoints/checkpoint_file.h"

namespace camsweep {

// Which weights of a training's file: those that were trained, or their exponential moving average.
enum class WeightsChoice { kTrained, kAverage };

// The weights among what a file holds, under the names that the network's author gave them.
struct StateDict {
  std::string wrapper;                     // the group they lay in, "" for the outermost
  std::string prefix;                      // taken off all names: "module."
  std::vector<NamedStoredTensor> tensors;  // in file order
};

// Spec backbones, 15, rules 1 and 2. Throws ConfigError naming the groups that the file has if none of them are weights
// or the average was asked for and is not there.
StateDict select_state_dict(const CheckpointFile& file, WeightsChoice choice);

}  // namespace camsweep

#pragma once

#include <string>

#include "schemas/json.h"
#include "workers/checkpoints/weights_file.h"

namespace camsweep {

// {container, dialect, family, variant}; null what is not known.
Json weights_json(const WeightsFile& file);

// What `inspect-checkpoint --json` prints: those, and wrapper, classes, form, the variant's fields as `network`,
// sha256, ignored, tensors: [{name, dtype, shape}]. Reads every tensor once. Throws ConfigError, as
// open_checkpoint() and select_state_dict(), and for a damaged tensor.
Json checkpoint_json(const std::string& file, WeightsChoice choice);

// The same for people.
void print_checkpoint(const Json& checkpoint, const std::string& file);

}  // namespace camsweep

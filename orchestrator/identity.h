#pragma once

#include <string>
#include <vector>

#include "schemas/job_spec.h"

namespace camsweep {

// Raised when a stage's meaning changes: its jobs then have other ids, and older results are not taken for theirs.
int stage_version(Stage stage);

// Names of the parameters that a stage's result depends on, sorted. `pretraining` is named by its SHA-256 instead.
const std::vector<std::string>& stage_parameters(Stage stage);

}  // namespace camsweep

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Raised when a stage's meaning changes: its jobs then have other ids, and older results are not taken for theirs.
int stage_version(Stage stage);

// Names of the parameters that a stage's result depends on, sorted. `pretraining` is named by its SHA-256 instead.
const std::vector<std::string>& stage_parameters(Stage stage);

// Weights to start from; an empty path for random initialization.
struct PretrainingFile {
  std::string path;
  std::string sha256;
};

struct TrainInputs {
  const Json& cell;  // complete parameters
  int64_t seed = 0;
  const Json& variant;                // to_json(find_backbone(..))
  const std::vector<int>& snapshots;  // those within the cell's epochs
  const PretrainingFile& pretraining;
};

// What a job's id is the hash of, as an object; IdentityWriter spells it.
Json train_identity(const std::string& dataset_fingerprint, const TrainInputs& inputs);

// `at` none: on the final weights.
Json analysis_identity(const std::string& dataset_fingerprint, const Json& cell, const AnalysisSpec& analysis,
                       const JobId& train, std::optional<int> at);

}  // namespace camsweep

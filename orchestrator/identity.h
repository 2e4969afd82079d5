#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Raised when a stage's meaning changes: its jobs then have other ids, and older results are not taken for theirs.
int stage_version(Stage stage);

// What of a sweep enters the identity of every job alike.
struct IdentityContext {
  std::string dataset_fingerprint;
  Json dataset;  // as a worker opens it
};

// The id of a cell: SHA-256 of its canonical parameters.
std::string cell_id(const Json& parameters);

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
JobSpec make_train_job(const IdentityContext& context, const TrainInputs& inputs);

// `at` none: on the final weights.
JobSpec make_analysis_job(const IdentityContext& context, const Json& cell, const AnalysisSpec& analysis,
                          const JobId& train, std::optional<int> at);

}  // namespace camsweep

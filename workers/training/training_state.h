#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schemas/outcome.h"
#include "workers/backbones/backbone.h"

namespace camsweep {

// Where a training stands, apart from tensors: what a later attempt needs to go on as if nothing had happened.
struct TrainingState {
  int epoch = 0;        // whole epochs done
  int64_t step = 0;     // steps of the next epoch done; may be all of them: its end is then still to do
  int threads = 1;      // of the first attempt; sums depend on it in the last bits
  double loss_sum = 0;  // over the steps of the epoch under way
  int64_t correct = 0;  // images of them that were classified rightly
  int64_t optimizer_steps = 0;
  int best_epoch = 0;  // with the highest score so far; 0: none yet
  double best_score = 0;
  std::vector<Metric> history;      // with epochs
  std::vector<Artifact> snapshots;  // relative to the attempt that wrote the state
};

// Writes a state and its tensors (weights, buffers, moments, ..) to `<attempt>/state-<global step>.safetensors` with
// its SHA-256 beside it, synced, and then deletes all but the newest two of the attempt. Returns the path.
std::filesystem::path write_training_state(const std::filesystem::path& attempt, const std::string& job,
                                           const TrainingState& state, const std::vector<NamedTensor>& tensors);

// The newest intact state any attempt of a job left behind, or none. A damaged one is passed over.
std::optional<std::filesystem::path> find_training_state(const std::filesystem::path& job_folder);

// Restores the tensors in place. Throws Error (kCorruption) if the file is of another job or does not fit.
TrainingState read_training_state(const std::filesystem::path& file, const std::string& job,
                                  const std::vector<NamedTensor>& tensors);

}  // namespace camsweep

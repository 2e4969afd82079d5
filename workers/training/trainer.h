#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "workers/backbones/sparsity.h"
#include "workers/data/loader.h"
#include "workers/gang/job_context.h"
#include "workers/training/classification.h"
#include "workers/training/gradient_reducer.h"
#include "workers/training/optimizer.h"
#include "workers/training/settings.h"
#include "workers/training/training_state.h"

namespace camsweep {

// One training on one gang: builds or resumes, runs the epochs, scores the splits, leaves the weights. All ranks run it
// together; rank 0 writes the files.
class Trainer {
 public:
  // `backbone` holds its initial weights. Throws ConfigError if an epoch has no whole batch.
  Trainer(JobContext& context, const TrainSettings& settings, const Dataset& dataset,
          std::unique_ptr<Backbone> backbone);

  // Goes on from the newest training state of the job, if there is one.
  void resume();
  // Trains to the end. Stopped and diverged runs and unreadable images are values, and the same on all ranks.
  JobEnd run();

 private:
  // How a step ended for the whole gang, from the sums that rode in the last gradient bucket.
  struct StepEnd {
    double loss = 0;
    bool stop = false;
    bool stop_now = false;
    bool data_error = false;
    bool diverged = false;
  };

  std::optional<JobEnd> run_epoch();
  std::optional<JobEnd> end_epoch();
  std::optional<JobEnd> leave_unless_finite();
  std::optional<JobEnd> score(std::optional<int> epoch);
  JobEnd finish();

  std::optional<Batch> next_batch();
  StepEnd train_step(const Batch& batch);
  std::optional<JobEnd> leave(const StepEnd& end);
  void checkpoint();
  void write_snapshot();
  void report_progress();
  void record(const std::string& name, std::optional<int> epoch, double value);

  JobContext& context_;
  const TrainSettings& settings_;
  const Dataset& dataset_;
  std::unique_ptr<Backbone> backbone_;
  bool channels_last_;
  std::optional<SparseMask> sparsity_;  // of the initial weights, the same in every attempt
  std::optional<AdamW> optimizer_;
  std::optional<GradientReducer> reducer_;
  Loader loader_;
  int64_t steps_per_epoch_;
  CosineSchedule schedule_;
  TrainingState state_;
  std::string data_error_;     // this rank's own, once it met one
  std::vector<Metric> final_;  // without epochs
  int64_t units_done_ = 0;     // steps and evaluation batches, for progress
  int64_t images_seen_ = 0;    // by this attempt
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_checkpoint_;
};

}  // namespace camsweep

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workers/backbones/sparsity.h"
#include "workers/data/loader.h"
#include "workers/gang/job_context.h"
#include "workers/training/classification.h"
#include "workers/training/gradient_reducer.h"
#include "workers/training/optimizer.h"
#include "workers/training/settings.h"
#include "workers/training/training_state.h"
#include "workers/training/weight_average.h"
#include "workers/training/wsol_method.h"

namespace camsweep {

// One training on one gang: builds or resumes, runs the epochs, scores the splits, leaves the weights. All ranks run it
// together; rank 0 writes the files. Epochs are in trainer.cc, a step in trainer_step.cc, files in trainer_files.cc.
class Trainer {
 public:
  // `backbone` holds its initial weights. Throws ConfigError if an epoch has no whole batch, or the split on which
  // weights are to be selected has no images.
  Trainer(JobContext& context, const TrainSettings& settings, const Dataset& dataset,
          std::unique_ptr<Backbone> backbone);

  // Goes on from the newest training state of the job, if there is one.
  void resume();
  // Trains to the end. Stopped and diverged runs and unreadable images are values, and the same on all ranks.
  JobEnd run();

 private:
  // What rides in the last gradient bucket beside the gradients; sums over the ranks.
  enum Extra : int64_t { kLoss, kCorrect, kStop, kStopNow, kDataError, kExtras };

  struct StepSums {
    at::Tensor loss;     // 0-d
    at::Tensor correct;  // 0-d, images
  };

  // How a step ended for the whole gang, from the sums that rode in the last gradient bucket.
  struct StepEnd {
    double loss = 0;
    int64_t correct = 0;
    bool stop = false;
    bool stop_now = false;
    bool data_error = false;
    bool diverged = false;
  };

  // A batch with what its loss is computed from, or a part of it.
  struct Targets {
    at::Tensor images;
    at::Tensor labels;
    at::Tensor partner_labels;  // undefined: nothing is mixed
    std::span<const size_t> samples;
    double lambda = 1;    // weight of `labels`
    uint64_t number = 0;  // of the part within the epoch and the gang: what a training method draws follows from it

    Targets part(int64_t first, int64_t count) const;
    at::Tensor main_labels() const { return lambda < 0.5 ? partner_labels : labels; }
  };

  void make_optimizer();
  void find_sparsity();

  std::optional<JobEnd> run_epoch();
  std::optional<JobEnd> end_epoch();
  std::optional<JobEnd> leave_unless_finite();
  std::optional<JobEnd> leave(const StepEnd& end);
  JobEnd finish();

  std::optional<Batch> next_batch();
  Targets unmixed(const Batch& batch) const;
  Targets mixed(const Batch& batch) const;
  StepEnd train_step(const Batch& batch);
  void add_gradients(const Targets& part, double share, StepSums& sums, bool is_last);
  at::Tensor loss(const at::Tensor& logits, const Targets& part) const;
  void update_weights();

  std::optional<JobEnd> score(std::optional<int> epoch);
  std::optional<JobEnd> score_splits(std::optional<int> epoch, const std::string& suffix);
  void keep_if_best(int epoch);
  void take_best();
  std::vector<NamedTensor> state_tensors() const;
  void checkpoint();
  void write_snapshot();
  std::string write_weights(const std::filesystem::path& file, int epoch);
  void report_progress();
  void record(const std::string& name, std::optional<int> epoch, double value);

  // Of the epoch's batches, cut among the ranks: the one that this rank has in this step.
  uint64_t slice() const {
    return static_cast<uint64_t>(state_.step * context_.collective.size() + context_.collective.rank());
  }
  int64_t global_step() const { return state_.epoch * steps_per_epoch_ + state_.step; }

  JobContext& context_;
  const TrainSettings& settings_;
  const Dataset& dataset_;
  bool channels_last_;
  std::unique_ptr<Backbone> backbone_;
  WsolMethod method_;
  std::optional<SparseMask> sparsity_;
  std::optional<Optimizer> optimizer_;
  std::optional<GradientReducer> reducer_;
  std::optional<WeightAverage> average_;
  std::vector<NamedTensor> best_;  // state of the best epoch so far, where that counts
  GangSum gang_sum_;
  Loader loader_;
  int64_t steps_per_epoch_;
  Schedule schedule_;
  TrainingState state_;
  std::string data_error_;     // this rank's own, once it met one
  std::vector<Metric> final_;  // without epochs
  int64_t units_done_ = 0;     // steps and evaluation batches, for progress
  int64_t images_seen_ = 0;    // by this attempt
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_checkpoint_;
};

}  // namespace camsweep

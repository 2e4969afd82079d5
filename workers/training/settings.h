#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "schemas/json.h"
#include "workers/backbones/backbone.h"
#include "workers/checkpoints/model_card.h"
#include "workers/data/augmentation.h"
#include "workers/data/dataset.h"
#include "workers/training/mixing.h"
#include "workers/training/optimizer.h"
#include "workers/training/parameter_groups.h"
#include "workers/training/schedule.h"
#include "workers/training/sparse_training.h"
#include "workers/training/wsol_terms.h"

namespace camsweep {

// Which weights a training ends with: what is scored, kept and analysed.
enum class CountingWeights { kLast, kBest, kAverage };

// Zeros of weights: trained as all others, kept as the initial weights have them, or found in training.
enum class Sparsity { kDense, kKeep, kTrain };

// A train job's parameters, typed. See parameter_table() and recipe_fields() for their meaning.
struct TrainSettings {
  BackboneVariant variant;
  HeadKind head = HeadKind::kPaper;
  Pool pool = Pool::kGap;
  int resolution = 0;
  int epochs = 0;
  int batch = 0;  // of the whole gang
  uint64_t seed = 0;

  double lr = 0;
  double min_lr = 0;
  double warmup_epochs = 0;
  Schedule::Kind schedule_kind = Schedule::Kind::kCosine;
  int step_epochs = 1;
  double step_factor = 1;
  OptimizerOptions optimizer;
  GroupingOptions grouping;
  double head_init_scale = 1;
  int micro_batches = 1;  // parts of a step's batch, computed one after another
  bool bfloat16 = false;  // autocast of the forward pass
  bool sync_batch_norm = false;

  Normalization normalization;
  Augmentation augmentation;  // of training images
  Augmentation test_view;     // of images that top-1 is measured on
  MixingOptions mixing;
  MethodOptions method;
  ErasingOptions erasing;  // of ACoL's head
  double label_smoothing = 0;
  double drop_path = 0;
  Sparsity sparsity = Sparsity::kDense;
  SparseOptions sparse;

  double ema = 0;  // decay of the weights' moving average; 0: none
  CountingWeights weights = CountingWeights::kLast;
  std::optional<Split> select_on = std::nullopt;  // where the best weights are selected
  std::set<int> snapshots = {};                   // epochs whose weights are kept
};

// Reads the parameters of an assignment; they were validated when the sweep was planned.
TrainSettings train_settings(const Json& parameters);

// The parts that recipe fields alone decide.
Augmentation training_view(const Json& parameters);
MixingOptions mixing_options(const Json& parameters);

BackboneOptions backbone_options(const TrainSettings& settings, int classes);
Schedule schedule(const TrainSettings& settings, int64_t steps_per_epoch);
ModelCard model_card(const TrainSettings& settings, const Dataset& dataset, int epoch);

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <set>

#include "schemas/json.h"
#include "workers/backbones/backbone.h"
#include "workers/checkpoints/model_card.h"
#include "workers/data/loader.h"
#include "workers/training/schedule.h"

namespace camsweep {

// A train job's parameters, typed. See parameter_table() for their meaning.
struct TrainSettings {
  BackboneVariant variant;
  HeadKind head = HeadKind::kPaper;
  Pool pool = Pool::kGap;
  int resolution = 0;
  bool augmentation = false;
  int epochs = 0;
  int batch = 0;  // of the whole gang
  uint64_t seed = 0;
  double lr = 0;
  double min_lr = 0;
  double warmup_epochs = 0;
  double weight_decay = 0;
  double label_smoothing = 0;
  double drop_path = 0;
  bool keep_sparsity = false;  // zeros of the initial weights stay zero
  Normalization normalization;
  std::set<int> snapshots;  // epochs whose weights are kept
};

// Reads the parameters of an assignment; they were validated when the sweep was planned.
TrainSettings train_settings(const Json& parameters);

BackboneOptions backbone_options(const TrainSettings& settings, int classes);
CosineSchedule schedule(const TrainSettings& settings, int64_t steps_per_epoch);
ModelCard model_card(const TrainSettings& settings, const Dataset& dataset, int epoch);

}  // namespace camsweep

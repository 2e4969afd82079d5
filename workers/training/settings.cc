#include "workers/training/settings.h"

namespace camsweep {

TrainSettings train_settings(const Json& parameters) {
  TrainSettings settings{
      .variant = variant_from_json(parameters.at("variant")),
      .head = parameters.at("head") == "paper" ? HeadKind::kPaper : HeadKind::kImagenet,
      .pool = parameters.at("pool") == "gap" ? Pool::kGap : Pool::kGmp,
      .resolution = parameters.at("resolution"),
      .augmentation = parameters.at("augmentation"),
      .epochs = parameters.at("epochs"),
      .batch = parameters.at("batch"),
      .seed = parameters.at("seed"),
      .lr = parameters.at("lr"),
      .min_lr = parameters.at("min_lr"),
      .warmup_epochs = parameters.at("warmup_epochs"),
      .weight_decay = parameters.at("weight_decay"),
      .label_smoothing = parameters.at("label_smoothing"),
      .drop_path = parameters.at("drop_path"),
      .keep_sparsity = parameters.value("sparsity", "dense") == "keep",
      .normalization = {.mean = parameters.at("normalization_mean"), .std = parameters.at("normalization_std")},
      .snapshots = parameters.at("snapshots"),
  };
  return settings;
}

BackboneOptions backbone_options(const TrainSettings& settings, int classes) {
  return {.classes = classes, .head = settings.head, .pool = settings.pool, .drop_path = settings.drop_path};
}

CosineSchedule schedule(const TrainSettings& settings, int64_t steps_per_epoch) {
  return {.lr = settings.lr,
          .min_lr = settings.min_lr,
          .warmup_steps = static_cast<int64_t>(settings.warmup_epochs * static_cast<double>(steps_per_epoch)),
          .total_steps = settings.epochs * steps_per_epoch};
}

ModelCard model_card(const TrainSettings& settings, const Dataset& dataset, int epoch) {
  const Normalization& normalization = settings.normalization;
  return {.variant = settings.variant,
          .options = backbone_options(settings, dataset.classes()),
          .resolution = settings.resolution,
          .mean = {normalization.mean.begin(), normalization.mean.end()},
          .std = {normalization.std.begin(), normalization.std.end()},
          .class_names = dataset.class_names(),
          .epoch = epoch};
}

}  // namespace camsweep

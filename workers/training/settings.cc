#include "workers/training/settings.h"

#include <map>
#include <string>

#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

template <class Value>
Value named(const Json& parameters, const char* parameter, const std::map<std::string, Value>& values) {
  const auto found = values.find(parameters.at(parameter).get<std::string>());
  CAMSWEEP_CHECK(found != values.end(), "a sweep file's names are checked when it is read");
  return found->second;
}

// An identity leaves out what has its default.
Json with_defaults(const Json& given) {
  Json all = Json::object();
  for (const ParameterInfo& info : parameter_table()) {
    if (info.later) all[info.name] = info.default_value;
  }
  all.update(given);
  return all;
}

OptimizerOptions optimizer_options(const Json& parameters) {
  using Kind = OptimizerOptions::Kind;
  return {.kind = named<Kind>(parameters, "optimizer", {{"adamw", Kind::kAdamW}, {"sgd", Kind::kSgd}}),
          .momentum = parameters.at("momentum"),
          .clip_norm = parameters.at("clip_norm")};
}

GroupingOptions grouping_options(const Json& parameters) {
  const Json& freeze = parameters.at("freeze");
  return {.weight_decay = parameters.at("weight_decay"),
          .decay_all = parameters.at("decay_on") == "all",
          .layer_decay = parameters.at("layer_decay"),
          .head_lr = parameters.at("head_lr"),
          .last_stage_too = parameters.at("head_lr_on") == "last_stage",
          .frozen_groups = freeze.is_number() ? freeze.get<int>() : 0,
          .freeze_trunk = freeze == "trunk"};
}

Augmentation::Interpolation interpolation(const Json& parameters, const char* parameter) {
  using Interpolation = Augmentation::Interpolation;
  return named<Interpolation>(parameters, parameter,
                              {{"bilinear", Interpolation::kBilinear},
                               {"bicubic", Interpolation::kBicubic},
                               {"random", Interpolation::kRandom}});
}

Augmentation test_view(const Json& parameters) {
  using CropKind = Augmentation::CropKind;
  return {.crop = named<CropKind>(parameters, "test_crop", {{"warp", CropKind::kWarp}, {"center", CropKind::kCenter}}),
          .interpolation = interpolation(parameters, "test_interpolation")};
}

MethodOptions method_options(const Json& parameters) {
  using Kind = MethodOptions::Kind;
  return {.kind = named<Kind>(parameters, "wsol_method",
                              {{"none", Kind::kNone},
                               {"adl", Kind::kAdl},
                               {"acol", Kind::kAcol},
                               {"spg", Kind::kSpg},
                               {"bridgegap", Kind::kBridgeGap}}),
          .adl_rate = parameters.at("adl_rate"),
          .adl_gamma = parameters.at("adl_gamma"),
          .spg_high = parameters.at("spg_high"),
          .spg_low = parameters.at("spg_low"),
          .bridge_warmup = parameters.at("bridge_warmup"),
          .drop_weight = parameters.at("bridge_drop"),
          .drop_threshold = parameters.at("bridge_drop_threshold"),
          .drop_rate = parameters.at("bridge_drop_rate"),
          .similarity_weight = parameters.at("bridge_similarity"),
          .norm_weight = parameters.at("bridge_norm"),
          .foreground = parameters.at("bridge_foreground"),
          .background = parameters.at("bridge_background"),
          .any_class = parameters.at("bridge_sign") == "any_class"};
}

// Hide-and-Seek's authors draw sides of 0 to 56 px for images of 224.
std::optional<Augmentation::Hiding> hiding(const Json& parameters) {
  const Json& side = parameters.at("hide");
  if (side == 0) return std::nullopt;
  Augmentation::Hiding hiding{.sides = {}, .probability = parameters.at("hide_probability")};
  const int resolution = parameters.at("resolution");
  if (side.is_number()) {
    hiding.sides = {side.get<int>()};
  } else {
    for (const int of_224 : {0, 16, 32, 44, 56}) hiding.sides.push_back(of_224 * resolution / 224);
  }
  return hiding;
}

SparseOptions sparse_options(const Json& parameters) {
  return {.zeros = parameters.at("sparse_zeros"),
          .prune = parameters.at("sparse_prune"),
          .interval = parameters.at("sparse_interval")};
}

std::optional<Split> select_on(const Json& parameters) {
  return named<std::optional<Split>>(parameters, "select_on",
                                     {{"none", std::nullopt}, {"val", Split::kVal}, {"test", Split::kTest}});
}

}  // namespace

Augmentation training_view(const Json& parameters) {
  using CropKind = Augmentation::CropKind;
  Augmentation augmentation{
      .crop = named<CropKind>(
          parameters, "crop",
          {{"warp", CropKind::kWarp}, {"random_resized", CropKind::kRandomResized}, {"random", CropKind::kRandom}}),
      .least_area = parameters.at("crop_scale"),
      .interpolation = interpolation(parameters, "interpolation"),
      .flip = parameters.at("flip"),
      .color_jitter = parameters.at("color_jitter"),
      .erasing = parameters.at("random_erasing")};
  if (parameters.at("rand_augment") != "none") augmentation.rand_augment = RandAugmentOptions{};
  return augmentation;
}

MixingOptions mixing_options(const Json& parameters) {
  return {.mixup = parameters.at("mixup"),
          .cutmix = parameters.at("cutmix"),
          .probability = parameters.at("mix_probability"),
          .switch_to_cutmix = parameters.at("mix_switch"),
          .shuffled_pairs = parameters.at("mix_pairs") == "shuffled",
          .ceil_edge = parameters.at("cutmix_box") == "timm1"};
}

TrainSettings train_settings(const Json& given) {
  using ScheduleKind = Schedule::Kind;
  const Json parameters = with_defaults(given);
  TrainSettings settings{
      .variant = variant_from_json(parameters.at("variant")),
      .head = parameters.at("head") == "paper" ? HeadKind::kPaper : HeadKind::kImagenet,
      .pool = parameters.at("pool") == "gap" ? Pool::kGap : Pool::kGmp,
      .resolution = parameters.at("resolution"),
      .epochs = parameters.at("epochs"),
      .batch = parameters.at("batch"),
      .seed = parameters.at("seed"),
      .lr = parameters.at("lr"),
      .min_lr = parameters.at("min_lr"),
      .warmup_epochs = parameters.at("warmup_epochs"),
      .schedule_kind = named<ScheduleKind>(
          parameters, "schedule",
          {{"cosine", ScheduleKind::kCosine}, {"step", ScheduleKind::kStep}, {"constant", ScheduleKind::kConstant}}),
      .step_epochs = parameters.at("step_epochs"),
      .step_factor = parameters.at("step_factor"),
      .optimizer = optimizer_options(parameters),
      .grouping = grouping_options(parameters),
      .head_init_scale = parameters.at("head_init_scale"),
      .micro_batches = parameters.at("micro_batches"),
      .bfloat16 = parameters.at("precision") == "bf16",
      .sync_batch_norm = parameters.at("sync_batch_norm"),
      .normalization = {.mean = parameters.at("normalization_mean"), .std = parameters.at("normalization_std")},
      .augmentation = training_view(parameters),
      .test_view = test_view(parameters),
      .mixing = mixing_options(parameters),
      .method = method_options(parameters),
      .erasing = {.threshold = parameters.at("acol_threshold"), .channels = parameters.at("acol_channels")},
      .label_smoothing = parameters.at("label_smoothing"),
      .drop_path = parameters.at("drop_path"),
      .sparsity =
          named<Sparsity>(parameters, "sparsity",
                          {{"dense", Sparsity::kDense}, {"keep", Sparsity::kKeep}, {"train", Sparsity::kTrain}}),
      .sparse = sparse_options(parameters),
      .ema = parameters.at("ema"),
      .weights = named<CountingWeights>(
          parameters, "weights",
          {{"last", CountingWeights::kLast}, {"best", CountingWeights::kBest}, {"ema", CountingWeights::kAverage}}),
      .select_on = select_on(parameters),
      .snapshots = parameters.at("snapshots"),
  };
  settings.augmentation.hiding = hiding(parameters);
  return settings;
}

BackboneOptions backbone_options(const TrainSettings& settings, int classes) {
  BackboneOptions options{
      .classes = classes, .head = settings.head, .pool = settings.pool, .drop_path = settings.drop_path};
  if (settings.method.kind == MethodOptions::Kind::kAcol) options.erasing = settings.erasing;
  return options;
}

Schedule schedule(const TrainSettings& settings, int64_t steps_per_epoch) {
  return {.kind = settings.schedule_kind,
          .lr = settings.lr,
          .min_lr = settings.min_lr,
          .warmup_steps = static_cast<int64_t>(settings.warmup_epochs * static_cast<double>(steps_per_epoch)),
          .total_steps = settings.epochs * steps_per_epoch,
          .step_steps = settings.step_epochs * steps_per_epoch,
          .step_factor = settings.step_factor};
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

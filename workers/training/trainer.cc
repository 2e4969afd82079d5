#include "workers/training/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cmath>

#include "schemas/error.h"

namespace camsweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kCheckpointInterval = std::chrono::minutes(5);

LoaderOptions train_loader(const TrainSettings& settings, const JobContext& context) {
  return {.side = settings.resolution,
          .normalization = settings.normalization,
          .augmentation = settings.augmentation,
          .shuffle = true,
          .drop_last = true,
          .seed = settings.seed,
          .batch = settings.batch,
          .rank = context.collective.rank(),
          .ranks = context.collective.size(),
          .threads = context.threads,
          .cache_bytes = image_cache_bytes()};
}

// Ranks must agree on what they train: a mixed installation would otherwise sum unlike gradients.
void check_same_network(const Backbone& backbone, Collective& collective) {
  std::string layout;
  for (const NamedTensor& entry : backbone.state()) layout += fmt::format("{} {}\n", entry.name, entry.tensor.numel());
  int64_t unlike = 0;
  for (const std::string& other : collective.gather_bytes(layout)) unlike += other != layout;
  if (collective.max(unlike) != 0) throw std::runtime_error("the ranks of this gang built different networks");
}

// The name of the first weight or buffer that holds NaN or infinity; empty if all are finite.
std::string first_non_finite(const Backbone& backbone) {
  for (const NamedTensor& entry : backbone.state()) {
    if (!at::isfinite(entry.tensor).all().item<bool>()) return entry.name;
  }
  return "";
}

void check_splits(const TrainSettings& settings, const Dataset& dataset, int64_t steps_per_epoch) {
  if (settings.epochs > 0 && steps_per_epoch == 0) {
    throw ConfigError(fmt::format("batch is {}, but the train split has {} images; allowed: at most that many",
                                  settings.batch, dataset.samples(Split::kTrain).size()));
  }
  if (settings.weights != CountingWeights::kBest) return;
  if (!settings.select_on || dataset.samples(*settings.select_on).empty()) {
    throw ConfigError(fmt::format(
        "weights is best, but select_on is {}; allowed: a split with images, val or test",
        settings.select_on ? fmt::format("{}, which has no images", split_name(*settings.select_on)) : "none"));
  }
}

std::unique_ptr<Backbone> placed(std::unique_ptr<Backbone> backbone, at::Device device, bool channels_last) {
  backbone->to(device, channels_last);
  return backbone;
}

}  // namespace

Trainer::Trainer(JobContext& context, const TrainSettings& settings, const Dataset& dataset,
                 std::unique_ptr<Backbone> backbone)
    : context_(context),
      settings_(settings),
      dataset_(dataset),
      channels_last_(prefers_channels_last(settings.variant)),
      backbone_(placed(std::move(backbone), context.device, channels_last_)),
      method_(*backbone_, settings.method, settings.seed, context.device, channels_last_),
      gang_sum_{.sum =
                    [this](at::Tensor& tensor) {
                      context_.collective.all_reduce_sum(tensor);
                      context_.collective.join();
                    },
                .ranks = context.collective.size()},
      loader_(dataset, Split::kTrain, train_loader(settings, context)),
      steps_per_epoch_(loader_.steps_per_epoch()),
      schedule_(schedule(settings, steps_per_epoch_)),
      started_(Clock::now()),
      last_checkpoint_(Clock::now()) {
  check_splits(settings, dataset, steps_per_epoch_);
  check_same_network(*backbone_, context.collective);
  for (const NamedTensor& entry : backbone_->state()) {
    at::Tensor tensor = entry.tensor;
    context.collective.broadcast(tensor);
  }
  state_.threads = context.threads;
  make_optimizer();
  find_sparsity();
  if (settings.ema > 0) average_.emplace(*backbone_, settings.ema);
  if (settings.weights == CountingWeights::kBest) {
    for (const NamedTensor& entry : backbone_->state()) {
      best_.push_back({"best." + entry.name, entry.tensor.detach().clone()});
    }
  }
}

void Trainer::make_optimizer() {
  std::vector<NamedTensor> parameters = backbone_->parameters();
  LayerGroups layers = backbone_->layer_groups();
  for (const NamedTensor& parameter : method_.parameters()) {
    parameters.push_back(parameter);
    layers.group.push_back(layers.count - 1);  // as new as a new classifier
  }
  std::vector<ParameterGroup> groups = parameter_groups(parameters, layers, settings_.grouping);
  std::vector<NamedTensor> trained;
  for (const ParameterGroup& group : groups) {
    for (const NamedTensor& parameter : group.parameters) parameter.tensor.requires_grad_(true);
  }
  for (const NamedTensor& parameter : parameters) {
    if (parameter.tensor.requires_grad()) trained.push_back(parameter);
  }
  if (trained.empty()) {
    throw ConfigError(fmt::format("freeze is {}, but {} has {} layer groups: nothing is left to train",
                                  settings_.grouping.frozen_groups, settings_.variant.name,
                                  backbone_->layer_groups().count));
  }
  optimizer_.emplace(std::move(groups), settings_.optimizer);
  const auto launch =
      context_.device.is_cuda() ? ReducerOptions::Launch::kDuringBackward : ReducerOptions::Launch::kAfterBackward;
  reducer_.emplace(trained, context_.collective, ReducerOptions{.extra = kExtras, .launch = launch});
}

JobEnd Trainer::run() {
  at::set_num_threads(state_.threads);
  while (state_.epoch < settings_.epochs) {
    if (auto end = run_epoch()) return *end;
    if (auto end = end_epoch()) return *end;
  }
  return finish();
}

std::optional<JobEnd> Trainer::run_epoch() {
  if (state_.step == steps_per_epoch_) return std::nullopt;  // resumed just before the epoch's end
  loader_.start_epoch(state_.epoch, state_.step);
  while (state_.step < steps_per_epoch_) {
    const std::optional<Batch> batch = next_batch();
    CAMSWEEP_CHECK(batch.has_value(), "an epoch has as many batches as steps");
    if (auto end = leave(train_step(*batch))) return end;
    if (Clock::now() - last_checkpoint_ > kCheckpointInterval) checkpoint();
  }
  checkpoint();
  return std::nullopt;
}

// All ranks see the same sums, so all leave at the same step.
std::optional<JobEnd> Trainer::leave(const StepEnd& end) {
  if (end.data_error) {
    for (const std::string& text : context_.collective.gather_bytes(data_error_)) {
      if (!text.empty()) return JobFailure{.kind = "data", .retryable = false, .text = text};
    }
    return JobFailure{.kind = "data", .retryable = false, .text = data_error_};
  }
  if (end.diverged) {
    return JobFailure{.kind = "diverged",
                      .retryable = false,
                      .text = fmt::format("the loss is {} at epoch {}, step {} (lr {})", end.loss, state_.epoch + 1,
                                          state_.step + 1, settings_.lr)};
  }
  if (end.stop) {
    if (!end.stop_now) checkpoint();
    return JobStopped{};
  }
  return std::nullopt;
}

// A step's loss is that of the weights before it, so that of the last one may be finite when its update was not.
// Rank 0's weights are the ones that are kept, so what it finds holds for all.
std::optional<JobEnd> Trainer::leave_unless_finite() {
  const std::string broken =
      context_.collective.broadcast_bytes(context_.is_root() ? first_non_finite(*backbone_) : "");
  if (broken.empty()) return std::nullopt;
  return JobFailure{
      .kind = "diverged",
      .retryable = false,
      .text = fmt::format("{} holds NaN or infinity after epoch {} (lr {})", broken, state_.epoch + 1, settings_.lr)};
}

// The state was just written with all steps of the epoch done: after a resume this runs again, on the same numbers.
std::optional<JobEnd> Trainer::end_epoch() {
  if (auto end = leave_unless_finite()) return end;
  const int epoch = state_.epoch + 1;
  const auto images = static_cast<double>(steps_per_epoch_ * settings_.batch);
  record("train.loss", epoch, state_.loss_sum / static_cast<double>(steps_per_epoch_));
  record("train.lr", epoch, schedule_.at(epoch * steps_per_epoch_ - 1));
  record("train.top1", epoch, 100 * static_cast<double>(state_.correct) / images);
  const bool is_snapshot = settings_.snapshots.contains(epoch);
  if (is_snapshot || epoch == settings_.epochs || settings_.weights == CountingWeights::kBest) {
    if (auto end = score(epoch)) return end;
  }
  if (settings_.weights == CountingWeights::kBest) keep_if_best(epoch);
  if (is_snapshot) write_snapshot();
  state_.epoch = epoch;
  state_.step = 0;
  state_.loss_sum = 0;
  state_.correct = 0;
  return std::nullopt;
}

}  // namespace camsweep

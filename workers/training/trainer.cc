#include "workers/training/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>

#include "schemas/error.h"
#include "workers/data/image.h"

namespace camsweep {
namespace {

using Clock = std::chrono::steady_clock;

// What rides in the last gradient bucket beside the gradients; sums over the ranks.
enum Extra : int64_t { kLoss, kStop, kStopNow, kDataError, kExtras };

constexpr auto kCheckpointInterval = std::chrono::minutes(5);

LoaderOptions train_loader(const TrainSettings& settings, const JobContext& context) {
  return {.side = settings.resolution,
          .normalization = settings.normalization,
          .augment = settings.augmentation,
          .shuffle = true,
          .drop_last = true,
          .seed = settings.seed,
          .batch = settings.batch,
          .rank = context.collective.rank(),
          .ranks = context.collective.size(),
          .threads = context.threads};
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

void require_gradients(const Backbone& backbone) {
  for (const NamedTensor& parameter : backbone.parameters()) parameter.tensor.requires_grad_(true);
}

}  // namespace

Trainer::Trainer(JobContext& context, const TrainSettings& settings, const Dataset& dataset,
                 std::unique_ptr<Backbone> backbone)
    : context_(context),
      settings_(settings),
      dataset_(dataset),
      backbone_(std::move(backbone)),
      channels_last_(prefers_channels_last(settings.variant)),
      loader_(dataset, Split::kTrain, train_loader(settings, context)),
      steps_per_epoch_(loader_.steps_per_epoch()),
      schedule_(schedule(settings, steps_per_epoch_)),
      started_(Clock::now()),
      last_checkpoint_(Clock::now()) {
  if (settings.epochs > 0 && steps_per_epoch_ == 0) {
    throw ConfigError(fmt::format("batch is {}, but the train split has {} images; allowed: at most that many",
                                  settings.batch, dataset.samples(Split::kTrain).size()));
  }
  backbone_->to(context.device, channels_last_);
  check_same_network(*backbone_, context.collective);
  for (const NamedTensor& entry : backbone_->state()) {
    at::Tensor tensor = entry.tensor;
    context.collective.broadcast(tensor);
  }
  if (settings.keep_sparsity) {
    sparsity_.emplace(*backbone_);
    fmt::print(stderr, "sparsity: {} of {} weights are kept at zero\n", sparsity_->zeros(), sparsity_->maskable());
  }
  require_gradients(*backbone_);
  optimizer_.emplace(backbone_->parameters(), AdamWOptions{.weight_decay = settings.weight_decay});
  const auto launch =
      context.device.is_cuda() ? ReducerOptions::Launch::kDuringBackward : ReducerOptions::Launch::kAfterBackward;
  reducer_.emplace(backbone_->parameters(), context.collective, ReducerOptions{.extra = kExtras, .launch = launch});
  state_.threads = context.threads;
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

// A rank without its batch takes part in the step on zeros, so that every collective pairs.
std::optional<Batch> Trainer::next_batch() {
  try {
    return loader_.next();
  } catch (const ImageError& error) {
    data_error_ = error.what();
    const int64_t images = settings_.batch / context_.collective.size();
    return Batch{.images = zero_inputs(dataset_, images, settings_.resolution),
                 .labels = at::zeros({images}, at::kLong),
                 .samples = std::vector<size_t>(static_cast<size_t>(images), 0)};
  }
}

Trainer::StepEnd Trainer::train_step(const Batch& batch) {
  const double ranks = context_.collective.size();
  const auto format = channels_last_ ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const at::Tensor images = batch.images.to(context_.device).contiguous(format);
  std::vector<at::Tensor> auxiliary;
  const ForwardContext forward{.training = true,
                               .seed = settings_.seed,
                               .epoch = state_.epoch,
                               .samples = batch.samples,
                               .auxiliary_logits = &auxiliary};
  const at::Tensor labels = batch.labels.to(context_.device);
  const auto cross_entropy = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                  settings_.label_smoothing);
  };

  reducer_->begin_step();
  at::Tensor total = cross_entropy(backbone_->classify(backbone_->features(images, forward), forward));
  for (const at::Tensor& logits : auxiliary) total = total + backbone_->auxiliary_loss_weight() * cross_entropy(logits);
  const at::Tensor loss = total / ranks;
  at::Tensor extra = reducer_->extra();
  const StopRequest stop = context_.stop.load();
  {
    const at::NoGradGuard no_grad;
    extra.copy_(at::tensor({0.0f, stop != StopRequest::kNone ? 1.0f : 0.0f, stop == StopRequest::kNow ? 1.0f : 0.0f,
                            data_error_.empty() ? 0.0f : 1.0f}));
    extra.select(0, kLoss).copy_(loss.detach());
  }
  loss.backward();
  reducer_->finish();

  const at::Tensor sums = extra.cpu();
  const auto sum = [&](Extra index) { return sums[index].item<double>(); };
  const StepEnd end{.loss = sum(kLoss),
                    .stop = sum(kStop) > 0,
                    .stop_now = sum(kStopNow) > 0,
                    .data_error = sum(kDataError) > 0,
                    .diverged = !std::isfinite(sum(kLoss))};
  if (end.data_error || end.diverged) return end;

  optimizer_->step(schedule_.at(state_.epoch * steps_per_epoch_ + state_.step));
  if (sparsity_) sparsity_->apply();
  state_.loss_sum += end.loss;
  ++state_.step;
  images_seen_ += settings_.batch;
  ++units_done_;
  report_progress();
  return end;
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
  record("train.loss", epoch, state_.loss_sum / static_cast<double>(steps_per_epoch_));
  record("train.lr", epoch, schedule_.at(epoch * steps_per_epoch_ - 1));
  const bool is_snapshot = settings_.snapshots.contains(epoch);
  if (is_snapshot || epoch == settings_.epochs) {
    if (auto end = score(epoch)) return end;
  }
  if (is_snapshot) write_snapshot();
  state_.epoch = epoch;
  state_.step = 0;
  state_.loss_sum = 0;
  return std::nullopt;
}

}  // namespace camsweep

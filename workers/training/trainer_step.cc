// One optimizer step of a Trainer: its batch, mixed; the gradients of its parts; the weights and what follows them.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>

#include "schemas/error.h"
#include "workers/data/image.h"
#include "workers/training/autocast.h"
#include "workers/training/trainer.h"

namespace camsweep {

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

Trainer::Targets Trainer::Targets::part(int64_t first, int64_t count) const {
  Targets targets{.images = images.narrow(0, first, count),
                  .labels = labels.narrow(0, first, count),
                  .partner_labels = partner_labels,
                  .samples = samples.subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
                  .lambda = lambda,
                  .number = number + static_cast<uint64_t>(first / count)};
  if (partner_labels.defined()) targets.partner_labels = partner_labels.narrow(0, first, count);
  return targets;
}

Trainer::Targets Trainer::unmixed(const Batch& batch) const {
  const auto format = channels_last_ ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return {.images = batch.images.to(context_.device).contiguous(format),
          .labels = batch.labels.to(context_.device),
          .partner_labels = {},
          .samples = batch.samples,
          .lambda = 1,
          .number = slice() * static_cast<uint64_t>(settings_.micro_batches)};
}

// Pairs form within a rank.
Trainer::Targets Trainer::mixed(const Batch& batch) const {
  Targets targets = unmixed(batch);
  const at::Tensor& images = targets.images;
  Random random(settings_.seed, Purpose::kMixing, static_cast<uint64_t>(state_.epoch), slice());
  const Mix mix = draw_mix(settings_.mixing, images.size(0), images.size(2), images.size(3), random);
  if (!mix.is_mixed()) return targets;
  targets.images = mix_images(images, mix);
  targets.partner_labels = targets.labels.index_select(0, mix.partner.to(context_.device));
  targets.lambda = mix.lambda;
  return targets;
}

// Cross-entropy against lambda * y1 + (1 - lambda) * y2 of one-hot labels with smoothing, which is linear in them.
at::Tensor Trainer::loss(const at::Tensor& logits, const Targets& part) const {
  const auto cross_entropy = [&](const at::Tensor& labels) {
    return at::cross_entropy_loss(logits.to(at::kFloat), labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                  settings_.label_smoothing);
  };
  const at::Tensor own = cross_entropy(part.labels);
  if (!part.partner_labels.defined()) return own;
  return own * part.lambda + cross_entropy(part.partner_labels) * (1 - part.lambda);
}

// Adds the gradients of a part that is `share` of the step's images, and its loss and hits to the sums.
void Trainer::add_gradients(const Targets& part, double share, StepSums& sums, bool is_last) {
  std::vector<at::Tensor> auxiliary;
  const ForwardContext forward{.training = true,
                               .seed = settings_.seed,
                               .epoch = state_.epoch,
                               .samples = part.samples,
                               .auxiliary_logits = &auxiliary,
                               .gang_sum = settings_.sync_batch_norm && gang_sum_.ranks > 1 ? &gang_sum_ : nullptr};
  at::Tensor total;
  {
    const Autocast autocast(context_.device.type(), settings_.bfloat16);
    Random random(settings_.seed, Purpose::kMethod, static_cast<uint64_t>(state_.epoch), part.number);
    const MethodPass pass = method_.run(part.images, part.main_labels(), forward, random);
    total = loss(pass.logits, part);
    if (pass.second_logits.defined()) total = total + loss(pass.second_logits, part);
    if (pass.penalty.defined()) total = total + pass.penalty;
    for (const at::Tensor& other : auxiliary) total = total + backbone_->auxiliary_loss_weight() * loss(other, part);
    total = total * share;
    const at::NoGradGuard no_grad;
    sums.loss += total.detach();
    sums.correct += pass.logits.argmax(1).eq(part.main_labels()).sum();
  }
  if (is_last) {
    const at::NoGradGuard no_grad;
    const StopRequest stop = context_.stop.load();
    at::Tensor extra = reducer_->extra();
    extra.copy_(at::tensor({0.0f, 0.0f, stop != StopRequest::kNone ? 1.0f : 0.0f,
                            stop == StopRequest::kNow ? 1.0f : 0.0f, data_error_.empty() ? 0.0f : 1.0f}));
    extra.select(0, kLoss).copy_(sums.loss);
    extra.select(0, kCorrect).copy_(sums.correct);
  }
  total.backward();
}

Trainer::StepEnd Trainer::train_step(const Batch& batch) {
  const Targets whole = mixed(batch);
  const int parts = settings_.micro_batches;
  const int64_t count = whole.images.size(0) / parts;
  StepSums sums{.loss = at::zeros({}, whole.images.options()), .correct = at::zeros({}, whole.labels.options())};
  reducer_->begin_step(parts);
  for (int i = 0; i < parts; ++i) {
    add_gradients(whole.part(i * count, count), 1.0 / (parts * context_.collective.size()), sums, i + 1 == parts);
  }
  reducer_->finish();

  const at::Tensor extra = reducer_->extra().cpu();
  const auto sum = [&](Extra index) { return extra[index].item<double>(); };
  const StepEnd end{.loss = sum(kLoss),
                    .correct = static_cast<int64_t>(sum(kCorrect)),
                    .stop = sum(kStop) > 0,
                    .stop_now = sum(kStopNow) > 0,
                    .data_error = sum(kDataError) > 0,
                    .diverged = !std::isfinite(sum(kLoss))};
  if (end.data_error || end.diverged) return end;

  update_weights();
  state_.loss_sum += end.loss;
  state_.correct += end.correct;
  ++state_.step;
  images_seen_ += settings_.batch;
  ++units_done_;
  report_progress();
  return end;
}

void Trainer::update_weights() {
  optimizer_->step(schedule_.at(global_step()));
  state_.optimizer_steps = optimizer_->steps_done();
  if (sparsity_) sparsity_->apply();
  if (average_) average_->update();
  const int64_t interval = settings_.sparse.interval;
  if (settings_.sparsity != Sparsity::kTrain || state_.optimizer_steps % interval != 0) return;
  const double dropped = settings_.sparse.prune_at(state_.optimizer_steps, schedule_.total_steps);
  sparsity_->exchange(dropped, settings_.seed, state_.optimizer_steps / interval);
  if (average_) average_->follow(*sparsity_);
}

// The zeros that the training keeps, or starts with: the same in every attempt, as they follow from the initial weights
// and the first batch.
void Trainer::find_sparsity() {
  if (settings_.sparsity == Sparsity::kDense || settings_.epochs == 0) return;
  if (settings_.sparsity == Sparsity::kKeep) {
    sparsity_.emplace(*backbone_);
  } else {
    std::vector<at::Tensor> buffers;
    for (const NamedTensor& buffer : backbone_->buffers()) buffers.push_back(buffer.tensor.clone());
    loader_.start_epoch(0);
    const std::optional<Batch> batch = next_batch();
    const Targets plain = unmixed(*batch);
    StepSums sums{.loss = at::zeros({}, plain.images.options()), .correct = at::zeros({}, plain.labels.options())};
    reducer_->begin_step();
    add_gradients(plain, 1.0 / context_.collective.size(), sums, /*is_last=*/true);
    reducer_->finish();
    sparsity_.emplace(*backbone_, snip_densities(backbone_->parameters(), settings_.sparse.zeros), settings_.seed);
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < buffers.size(); ++i) backbone_->buffers()[i].tensor.copy_(buffers[i]);
  }
  fmt::print(stderr, "sparsity: {} of {} weights are zero\n", sparsity_->zeros(), sparsity_->maskable());
}

}  // namespace camsweep

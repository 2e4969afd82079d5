// What a Trainer leaves behind: scores, training states, snapshots, the final weights.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "schemas/files.h"
#include "schemas/hash.h"
#include "workers/checkpoints/model_file.h"
#include "workers/training/trainer.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "artifacts/weights.safetensors";

int64_t batches(const Dataset& dataset, Split split, int batch) {
  return (static_cast<int64_t>(dataset.samples(split).size()) + batch - 1) / batch;
}

// Evaluations of a whole run: at every snapshot, and at the end.
int64_t evaluations(const TrainSettings& settings) {
  int64_t count = 0;
  for (const int epoch : settings.snapshots) count += epoch < settings.epochs;
  return count + 1;
}

}  // namespace

void Trainer::resume() {
  std::string file;
  if (context_.is_root()) {
    const auto found = find_training_state(context_.directory().parent_path().parent_path());
    if (found) file = found->string();
  }
  file = context_.collective.broadcast_bytes(file);
  if (file.empty()) return;

  state_ = read_training_state(file, context_.assignment.job.hex, *backbone_, *optimizer_);
  units_done_ = state_.epoch * steps_per_epoch_ + state_.step;
  if (!context_.is_root() || fs::path(file).parent_path() == context_.directory()) return;
  for (const Artifact& snapshot : state_.snapshots) {
    const fs::path source = fs::path(file).parent_path() / snapshot.path;
    make_directories((context_.directory() / snapshot.path).parent_path());
    fs::copy_file(source, context_.directory() / snapshot.path, fs::copy_options::overwrite_existing);
  }
}

std::optional<JobEnd> Trainer::score(std::optional<int> epoch) {
  // Batch statistics are per rank; rank 0's are the ones that count.
  for (const NamedTensor& buffer : backbone_->buffers()) {
    at::Tensor tensor = buffer.tensor;
    context_.collective.broadcast(tensor);
  }
  final_.clear();
  for (const Split split : {Split::kVal, Split::kTest}) {
    if (dataset_.samples(split).empty()) continue;
    const Classification end = classify_split(*backbone_, dataset_, split,
                                              {.side = settings_.resolution,
                                               .normalization = settings_.normalization,
                                               .batch = settings_.batch,
                                               .channels_last = channels_last_,
                                               .batch_done =
                                                   [this] {
                                                     ++units_done_;
                                                     report_progress();
                                                   }},
                                              context_);
    if (const auto* failure = std::get_if<JobFailure>(&end)) return *failure;
    const auto* scores = std::get_if<ClassificationScores>(&end);
    if (!scores) return JobStopped{};
    const std::string source(split_name(split));
    for (const auto& [metric, value] :
         {std::pair{".top1", scores->top1}, std::pair{".top5", scores->top5}, std::pair{".loss", scores->loss}}) {
      if (epoch) record(source + metric, epoch, value);
      final_.push_back({.name = source + metric, .epoch = std::nullopt, .value = value});
    }
  }
  return std::nullopt;
}

JobEnd Trainer::finish() {
  if (settings_.epochs == 0) {
    if (auto end = score(std::nullopt)) return *end;
  }
  JobSuccess success;
  if (!context_.is_root()) return success;
  success.metrics = state_.history;
  for (const Metric& metric : state_.history) {
    const bool is_train = metric.name.starts_with("train.");
    if (is_train && metric.epoch == settings_.epochs)
      success.metrics.push_back({metric.name, std::nullopt, metric.value});
  }
  success.metrics.insert(success.metrics.end(), final_.begin(), final_.end());
  success.artifacts = state_.snapshots;
  make_directories((context_.directory() / kWeightsFile).parent_path());
  const std::string checksum =
      write_model(context_.directory() / kWeightsFile, *backbone_, model_card(settings_, dataset_, settings_.epochs));
  success.artifacts.push_back(
      {.path = kWeightsFile, .sha256 = checksum, .kind = "weights", .label = "", .epoch = std::nullopt});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  success.environment["images_per_s"] = static_cast<double>(images_seen_) / seconds;
  success.environment["threads"] = state_.threads;
  return success;
}

void Trainer::checkpoint() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  if (!context_.is_root()) return;
  const fs::path file =
      write_training_state(context_.directory(), context_.assignment.job.hex, state_, *backbone_, *optimizer_);
  context_.reporter.checkpoint(file.string(), optimizer_->steps_done());
}

void Trainer::write_snapshot() {
  const int epoch = state_.epoch + 1;
  const std::string name = fmt::format("snapshots/epoch-{}.safetensors", epoch);
  Artifact snapshot{.path = name, .sha256 = "", .kind = "snapshot", .label = "", .epoch = epoch};
  if (context_.is_root()) {
    make_directories(context_.directory() / "snapshots");
    snapshot.sha256 = write_model(context_.directory() / name, *backbone_, model_card(settings_, dataset_, epoch));
  }
  state_.snapshots.push_back(snapshot);
}

void Trainer::report_progress() {
  const int64_t evaluation =
      batches(dataset_, Split::kVal, settings_.batch) + batches(dataset_, Split::kTest, settings_.batch);
  const int64_t all = settings_.epochs * steps_per_epoch_ + evaluations(settings_) * evaluation;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  context_.reporter.progress(state_.epoch + 1, units_done_, all, static_cast<double>(images_seen_) / seconds);
}

void Trainer::record(const std::string& name, std::optional<int> epoch, double value) {
  const Metric metric{.name = name, .epoch = epoch, .value = value};
  state_.history.push_back(metric);
  if (context_.is_root()) context_.reporter.metric(metric);
}

}  // namespace camsweep

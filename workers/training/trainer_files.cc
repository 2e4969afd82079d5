// What a Trainer leaves behind: scores, training states, snapshots, the final weights.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>

#include "schemas/error.h"
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

// Evaluations of a whole run: at every snapshot, and at the end; of best weights after every epoch, too.
int64_t evaluations(const TrainSettings& settings) {
  int64_t count = 0;
  if (settings.weights == CountingWeights::kBest) {
    count = settings.epochs + 1;
  } else {
    for (const int epoch : settings.snapshots) count += epoch < settings.epochs;
    ++count;
  }
  return settings.ema > 0 && settings.weights != CountingWeights::kAverage ? 2 * count : count;
}

// While it lives, the network holds its moving average.
class AverageInPlace {
 public:
  explicit AverageInPlace(WeightAverage& average) : average_(average) { average_.exchange(); }
  ~AverageInPlace() { average_.exchange(); }
  AverageInPlace(const AverageInPlace&) = delete;
  AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
  WeightAverage& average_;
};

}  // namespace

void Trainer::resume() {
  std::string file;
  if (context_.is_root()) {
    const auto found = find_training_state(context_.directory().parent_path().parent_path());
    if (found) file = found->string();
  }
  file = context_.collective.broadcast_bytes(file);
  if (file.empty()) return;

  state_ = read_training_state(file, context_.assignment.job.hex, state_tensors());
  optimizer_->set_steps_done(state_.optimizer_steps);
  units_done_ = state_.epoch * steps_per_epoch_ + state_.step;
  if (!context_.is_root() || fs::path(file).parent_path() == context_.directory()) return;
  for (const Artifact& snapshot : state_.snapshots) {
    const fs::path source = fs::path(file).parent_path() / snapshot.path;
    make_directories((context_.directory() / snapshot.path).parent_path());
    fs::copy_file(source, context_.directory() / snapshot.path, fs::copy_options::overwrite_existing);
  }
}

std::vector<NamedTensor> Trainer::state_tensors() const {
  std::vector<NamedTensor> all;
  for (const NamedTensor& entry : backbone_->state()) all.push_back({"model." + entry.name, entry.tensor.detach()});
  const auto add = [&](const std::vector<NamedTensor>& part) { all.insert(all.end(), part.begin(), part.end()); };
  for (const NamedTensor& entry : method_.parameters()) all.push_back({"method." + entry.name, entry.tensor.detach()});
  add(optimizer_->moments());
  if (average_) add(average_->tensors());
  if (sparsity_ && settings_.sparsity == Sparsity::kTrain) add(sparsity_->tensors());
  add(best_);
  return all;
}

// Scores the weights that count, and the moving average beside the last ones.
std::optional<JobEnd> Trainer::score(std::optional<int> epoch) {
  final_.clear();
  if (!average_) return score_splits(epoch, "");
  if (settings_.weights != CountingWeights::kAverage) {
    if (auto end = score_splits(epoch, "")) return end;
  }
  const AverageInPlace exchanged(*average_);
  return score_splits(epoch, settings_.weights == CountingWeights::kAverage ? "" : "_ema");
}

std::optional<JobEnd> Trainer::score_splits(std::optional<int> epoch, const std::string& suffix) {
  // Batch statistics are per rank; rank 0's are the ones that count.
  for (const NamedTensor& buffer : backbone_->buffers()) {
    at::Tensor tensor = buffer.tensor;
    context_.collective.broadcast(tensor);
  }
  for (const Split split : {Split::kVal, Split::kTest}) {
    if (dataset_.samples(split).empty()) continue;
    const Classification end = classify_split(*backbone_, dataset_, split,
                                              {.side = settings_.resolution,
                                               .normalization = settings_.normalization,
                                               .view = settings_.test_view,
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
    const std::string source = std::string(split_name(split)) + suffix;
    for (const auto& [metric, value] :
         {std::pair{".top1", scores->top1}, std::pair{".top5", scores->top5}, std::pair{".loss", scores->loss}}) {
      if (epoch) record(source + metric, epoch, value);
      final_.push_back({.name = source + metric, .epoch = std::nullopt, .value = value});
    }
  }
  return std::nullopt;
}

// The first of equals is kept: a later epoch must be better.
void Trainer::keep_if_best(int epoch) {
  const std::string name = std::string(split_name(*settings_.select_on)) + ".top1";
  const auto found = std::find_if(final_.begin(), final_.end(), [&](const Metric& m) { return m.name == name; });
  CAMSWEEP_CHECK(found != final_.end(), "the split of the selection was scored");
  if (state_.best_epoch != 0 && found->value <= state_.best_score) return;
  state_.best_epoch = epoch;
  state_.best_score = found->value;
  const std::vector<NamedTensor> now = backbone_->state();
  for (size_t i = 0; i < now.size(); ++i) best_[i].tensor.copy_(now[i].tensor.detach());
}

void Trainer::take_best() {
  const at::NoGradGuard no_grad;
  const std::vector<NamedTensor> state = backbone_->state();
  for (size_t i = 0; i < state.size(); ++i) at::Tensor(state[i].tensor).copy_(best_[i].tensor);
}

JobEnd Trainer::finish() {
  const bool take = settings_.weights == CountingWeights::kBest && state_.best_epoch > 0;
  if (take) take_best();
  if (take || settings_.epochs == 0) {
    if (auto end = score(std::nullopt)) return *end;
  }
  if (take) final_.push_back({.name = "train.best_epoch", .epoch = std::nullopt, .value = 1.0 * state_.best_epoch});
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
      write_weights(context_.directory() / kWeightsFile, take ? state_.best_epoch : settings_.epochs);
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
      write_training_state(context_.directory(), context_.assignment.job.hex, state_, state_tensors());
  context_.reporter.checkpoint(file.string(), state_.optimizer_steps);
}

// The network's, or their average where that counts. Returns the file's SHA-256.
std::string Trainer::write_weights(const fs::path& file, int epoch) {
  std::optional<AverageInPlace> exchanged;
  if (settings_.weights == CountingWeights::kAverage) exchanged.emplace(*average_);
  return write_model(file, *backbone_, model_card(settings_, dataset_, epoch));
}

void Trainer::write_snapshot() {
  const int epoch = state_.epoch + 1;
  const std::string name = fmt::format("snapshots/epoch-{}.safetensors", epoch);
  Artifact snapshot{.path = name, .sha256 = "", .kind = "snapshot", .label = "", .epoch = epoch};
  if (context_.is_root()) {
    make_directories(context_.directory() / "snapshots");
    snapshot.sha256 = write_weights(context_.directory() / name, epoch);
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

#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/workers/training/fakes.h"
#include "workers/checkpoints/safetensors.h"
#include "workers/training/trainer.h"

// Small trainings of one attempt after another.
namespace camsweep {

inline TrainSettings settings(const std::string& family) {
  const Json convnext = {{"name", "tiny_test"},      {"family", "convnext"},    {"depths", {1, 1, 1, 1}},
                         {"widths", {8, 8, 16, 16}}, {"kernels", {3, 3, 3, 3}}, {"ffn_ratio", 4},
                         {"block", "linear"}};
  const Json resnet = {{"name", "tiny_test"},
                       {"family", "resnet"},
                       {"depths", {1, 1, 1, 1}},
                       {"widths", {8, 8, 16, 16}},
                       {"block", "basic"}};
  return {.variant = variant_from_json(family == "convnext" ? convnext : resnet),
          .resolution = 32,
          .epochs = 4,
          .batch = 8,
          .seed = 3,
          .lr = 1e-3,
          .min_lr = 1e-5,
          .warmup_epochs = 1,
          .grouping = {.weight_decay = 0.05},
          .augmentation = {.crop = Augmentation::CropKind::kRandomResized, .flip = 0.5},
          .label_smoothing = 0.1,
          .drop_path = 0.2,
          .snapshots = {2}};
}

inline Assignment assignment(const std::filesystem::path& job_folder, int attempt) {
  Assignment assigned;
  assigned.job = {std::string(64, 'a')};
  assigned.attempt = attempt;
  assigned.directory = (job_folder / "attempts" / std::to_string(attempt)).string();
  std::filesystem::create_directories(assigned.directory);
  return assigned;
}

struct Attempt {
  JobEnd end;
  std::filesystem::path directory;
  std::vector<Metric> live;
};

// Every second output of each weight becomes zero, as in sparse weights that a training starts from.
inline void punch_holes(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : backbone.parameters()) {
    if (entry.tensor.dim() == 4) at::Tensor(entry.tensor).slice(0, 0, entry.tensor.size(0), 2).zero_();
  }
}

// One attempt of a job on `collective`; stops once `stop_at` steps and evaluation batches are done (0 = never).
inline Attempt run_attempt(const TrainSettings& wanted, const Dataset& dataset, const std::filesystem::path& job_folder,
                           int number, Collective& collective, int64_t stop_at = 0) {
  const Assignment assigned = assignment(job_folder, number);
  FakeReporter reporter;
  std::atomic<StopRequest> stop = StopRequest::kNone;
  reporter.on_progress = [&](int64_t step) {
    if (stop_at > 0 && step >= stop_at) stop = StopRequest::kCheckpoint;
  };
  JobContext context{.assignment = assigned, .collective = collective, .reporter = reporter, .stop = stop};
  auto backbone = make_backbone(wanted.variant, backbone_options(wanted, dataset.classes()));
  backbone->initialize(wanted.seed);
  if (wanted.sparsity == Sparsity::kKeep) punch_holes(*backbone);
  Trainer trainer(context, wanted, dataset, std::move(backbone));
  trainer.resume();
  JobEnd end = trainer.run();
  return {std::move(end), assigned.directory, reporter.metrics};
}

inline Attempt run_attempt(const TrainSettings& wanted, const Dataset& dataset, const std::filesystem::path& job_folder,
                           int number = 1, int64_t stop_at = 0) {
  at::set_num_threads(1);
  auto collective = make_single_collective();
  return run_attempt(wanted, dataset, job_folder, number, *collective, stop_at);
}

// Every tensor of every model file an attempt left, and every metric with all its digits.
inline std::map<std::string, std::string> fingerprint(const Attempt& attempt) {
  const auto& success = std::get<JobSuccess>(attempt.end);
  std::map<std::string, std::string> prints;
  for (const Artifact& artifact : success.artifacts) prints[artifact.path] = artifact.sha256;
  for (const Metric& metric : success.metrics) {
    prints[metric.name + "@" + std::to_string(metric.epoch.value_or(-1))] = Json(metric.value).dump();
  }
  return prints;
}

// The final weights of two attempts, entry by entry.
inline void expect_weights_near(const Attempt& left, const Attempt& right, double tolerance) {
  const TensorFile expected = read_safetensors(left.directory / "artifacts/weights.safetensors");
  const TensorFile found = read_safetensors(right.directory / "artifacts/weights.safetensors");
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_LE((*found.find(name) - tensor).abs().max().item<double>(), tolerance) << name;
  }
}

}  // namespace camsweep

#include "workers/training/train_job.h"

#include <fmt/format.h>

#include "schemas/text.h"
#include "workers/checkpoints/load_weights.h"
#include "workers/training/settings.h"
#include "workers/training/trainer.h"

namespace camsweep {
namespace {

// To the attempt's log.
void log_report(const LoadReport& report, const WeightsFile& file) {
  fmt::print(stderr, "{}: holds {}\n", file.name, describe(known_network(file)));
  if (!report.skipped.empty()) fmt::print(stderr, "not used of it: {}\n", join(report.skipped));
  if (!report.left_fresh.empty()) fmt::print(stderr, "initialized by the seed: {}\n", join(report.left_fresh));
}

// Pretrained weights where there are some; what they do not bring is initialized by the seed.
std::unique_ptr<Backbone> build_backbone(const TrainSettings& settings, int classes, const Assignment& assignment) {
  auto backbone = make_backbone(settings.variant, backbone_options(settings, classes));
  const auto file = assignment.inputs.find("pretraining");
  if (file == assignment.inputs.end()) {
    backbone->initialize(settings.seed);
    return backbone;
  }
  const WeightsFile weights = open_weights(file->second.path);
  const LoadReport report = load_weights(*backbone, weights, Strictness::kFinetune);
  backbone->initialize(settings.seed, report.left_fresh);
  log_report(report, weights);
  return backbone;
}

}  // namespace

JobEnd run_train(JobContext& context) {
  const TrainSettings settings = train_settings(context.assignment.parameters);
  const std::unique_ptr<Dataset> dataset = load_dataset(context.assignment.dataset);
  Trainer trainer(context, settings, *dataset, build_backbone(settings, dataset->classes(), context.assignment));
  trainer.resume();
  return trainer.run();
}

}  // namespace camsweep

#include "workers/training/train_job.h"

#include <ATen/ops/mul.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

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

// ConvNeXt starts a new classifier of fine-tuning near zero (head_init_scale of its main.py).
void scale_new_head(const Backbone& backbone, double scale, const std::vector<std::string>& fresh) {
  if (scale == 1 || !is_pooled(backbone.head_form())) return;
  const at::NoGradGuard no_grad;
  const void* weight = backbone.classifier_weight().data_ptr();
  std::string layer;
  for (const NamedTensor& parameter : backbone.parameters()) {
    if (parameter.tensor.data_ptr() == weight) layer = parameter.name.substr(0, parameter.name.rfind('.'));
  }
  for (const NamedTensor& parameter : backbone.parameters()) {
    const bool is_head = parameter.name == layer + ".weight" || parameter.name == layer + ".bias";
    const bool is_fresh = std::find(fresh.begin(), fresh.end(), parameter.name) != fresh.end();
    if (is_head && is_fresh) at::Tensor(parameter.tensor).mul_(scale);
  }
}

std::vector<std::string> names_of(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : tensors) names.push_back(tensor.name);
  return names;
}

// Pretrained weights where there are some; what they do not bring is initialized by the seed.
std::unique_ptr<Backbone> build_backbone(const TrainSettings& settings, int classes, const Assignment& assignment) {
  auto backbone = make_backbone(settings.variant, backbone_options(settings, classes));
  const auto file = assignment.inputs.find("pretraining");
  if (file == assignment.inputs.end()) {
    backbone->initialize(settings.seed);
    scale_new_head(*backbone, settings.head_init_scale, names_of(backbone->parameters()));
    return backbone;
  }
  const WeightsFile weights = open_weights(file->second.path);
  const LoadReport report = load_weights(*backbone, weights, Strictness::kFinetune);
  backbone->initialize(settings.seed, report.left_fresh);
  scale_new_head(*backbone, settings.head_init_scale, report.left_fresh);
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

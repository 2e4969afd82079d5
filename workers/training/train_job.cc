#include "workers/training/train_job.h"

#include "workers/checkpoints/model_file.h"
#include "workers/training/settings.h"
#include "workers/training/trainer.h"

namespace camsweep {
namespace {

// Initialized by the seed, then overwritten by pretrained weights where there are some.
std::unique_ptr<Backbone> build_backbone(const TrainSettings& settings, int classes, const Assignment& assignment) {
  auto backbone = make_backbone(settings.variant, backbone_options(settings, classes));
  backbone->initialize(settings.seed);
  if (const auto file = assignment.inputs.find("pretraining"); file != assignment.inputs.end()) {
    load_weights(*backbone, read_safetensors(file->second.path), file->second.path, Strictness::kFinetune);
  }
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

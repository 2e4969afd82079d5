#include "workers/checkpoints/model_file.h"

#include <fmt/format.h>

#include "schemas/error.h"
#include "workers/checkpoints/load_weights.h"
#include "workers/checkpoints/safetensors.h"

namespace camsweep {

std::string write_model(const std::filesystem::path& file, const Backbone& backbone, const ModelCard& card) {
  TensorFile content;
  write_card(content.metadata, card);
  for (const NamedTensor& entry : backbone.state()) content.tensors.emplace_back(entry.name, entry.tensor);
  return write_safetensors(file, content, Sync::kYes);
}

Model read_model(const std::filesystem::path& file) {
  const WeightsFile weights = open_weights(file);
  if (!weights.card) {
    throw ConfigError(
        fmt::format("{}: was not written by camsweep, so it does not say which network it holds", file.string()));
  }
  return load_model(weights, *weights.card);
}

Model load_model(const WeightsFile& file, const ModelCard& card) {
  const bool changes_form = card.options.form != Form::kTrain && known_network(file).form == Form::kTrain;
  BackboneOptions options = card.options;
  if (changes_form) options.form = Form::kTrain;
  Model model{.card = card, .backbone = make_backbone(card.variant, options)};
  load_weights(*model.backbone, file, Strictness::kStrict);
  if (changes_form) model.backbone = to_form(*model.backbone, card.options.form);
  return model;
}

}  // namespace camsweep

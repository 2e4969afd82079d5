#include "workers/commands/published_weights.h"

#include <fmt/format.h>

#include "schemas/checkpoint_catalog.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

// Compares whole parts: "a/my_b.pth" does not end with "b.pth".
bool ends_with_path(const std::filesystem::path& path, const std::filesystem::path& end) {
  auto part = path.end();
  for (auto wanted = end.end(); wanted != end.begin();) {
    if (part == path.begin() || *--part != *--wanted) return false;
  }
  return true;
}

// The entry of a file with this name, else the backbone's first; null: nobody publishes weights of it.
const PublishedCheckpoint* find_entry(const std::string& backbone, const std::filesystem::path& file) {
  const PublishedCheckpoint* found = nullptr;
  for (const PublishedCheckpoint& entry : published_checkpoints().entries()) {
    if (entry.backbone != backbone) continue;
    if (!file.empty() && ends_with_path(file, entry.file)) return &entry;
    if (!found) found = &entry;
  }
  return found;
}

// Throws ConfigError unless `backbone` names what a file of ours says it holds; "" names anything. The name of a
// `backbones:` block is in no catalog and only has to agree.
void require_backbone(const ModelCard& card, const std::string& weights, const std::string& backbone) {
  if (backbone.empty()) return;
  const CatalogEntry* known = find_in_catalog(backbone);
  const bool agrees = known ? to_json(card.variant) == to_json(known->variant) : card.variant.name == backbone;
  if (!agrees) throw ConfigError(fmt::format("{}: holds {}, not {}", weights, card.variant.name, backbone));
}

// CAM Back Again fine-tunes and evaluates so whatever the pretraining was.
void feed_as_the_paper(ModelCard& card) {
  card.mean = {0.5, 0.5, 0.5};
  card.std = {0.5, 0.5, 0.5};
  card.resolution = 384;
}

ModelCard card_of_published(const WeightsFile& file, const ModelRequest& request) {
  const NetworkIdentity& identity = known_network(file);
  const BackboneVariant variant = request.backbone.empty() ? *identity.variant : find_backbone(request.backbone);
  const int classes = request.classes.value_or(identity.classes);
  if (classes == 0) {
    throw ConfigError(fmt::format("{}: holds {}, but a classifier is needed", file.name, describe(identity)));
  }
  const bool same_family = variant.family == identity.family;  // otherwise loading says what is wrong
  const BackboneOptions options = {.classes = classes,
                                   .head = request.head.value_or(identity.head),
                                   .form = same_family ? identity.form : Form::kTrain};
  ModelCard card = published_card(variant, options, file.name);
  if (identity.dialect == "CAM-Back-Again") feed_as_the_paper(card);
  return card;
}

}  // namespace

ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options,
                         const std::filesystem::path& file) {
  ModelCard card{.variant = variant,
                 .options = options,
                 .mean = {0.485, 0.456, 0.406},  // ImageNet's
                 .std = {0.229, 0.224, 0.225},
                 .class_names = {}};
  if (const PublishedCheckpoint* entry = find_entry(variant.name, file)) {
    card.resolution = entry->resolution;
    card.mean = entry->mean.get<std::vector<double>>();
    card.std = entry->std.get<std::vector<double>>();
  }
  return card;
}

Model build_model(const WeightsFile& file, const ModelRequest& request) {
  if (!file.card) return load_model(file, card_of_published(file, request));
  require_backbone(*file.card, file.name, request.backbone);
  return load_model(file, *file.card);
}

Model open_model(const ModelRequest& request) {
  Model model = build_model(open_weights(request.weights, request.choice), request);
  if (!takes_signals(model.card.variant)) return model;
  throw ConfigError(fmt::format("{}: holds {}, which takes signals; this command takes pictures", request.weights,
                                model.card.variant.name));
}

}  // namespace camsweep

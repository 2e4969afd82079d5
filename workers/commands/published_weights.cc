#include "workers/commands/published_weights.h"

#include <fmt/format.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Trained on images scaled to -1..1: MegData73M, and what torchvision calls `transform_input`.
bool is_scaled_symmetrically(const BackboneVariant& variant) {
  const bool of_google = variant.family == "googlenet" || variant.family == "inception";
  return variant.name == "replknet_xl" || (of_google && variant.tail == "full");
}

int published_resolution(const BackboneVariant& variant) {
  if (variant.name == "replknet_xl") return 320;
  if (variant.name.ends_with("img384")) return 384;
  return variant.family == "inception" && variant.tail == "full" ? 299 : 224;
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
void feed_as_the_paper(ModelCard& card, int resolution) {
  card.mean = {0.5, 0.5, 0.5};
  card.std = {0.5, 0.5, 0.5};
  if (resolution == 0) card.resolution = 384;
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
  ModelCard card = published_card(variant, options, request.resolution);
  if (identity.dialect == "CAM-Back-Again") feed_as_the_paper(card, request.resolution);
  return card;
}

}  // namespace

ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options, int resolution) {
  ModelCard card{.variant = variant,
                 .options = options,
                 .resolution = resolution > 0 ? resolution : published_resolution(variant),
                 .mean = {0.485, 0.456, 0.406},  // ImageNet's
                 .std = {0.229, 0.224, 0.225},
                 .class_names = {}};
  if (is_scaled_symmetrically(variant)) {
    card.mean = {0.5, 0.5, 0.5};
    card.std = {0.5, 0.5, 0.5};
  }
  return card;
}

Model build_model(const WeightsFile& file, const ModelRequest& request) {
  if (!file.card) return load_model(file, card_of_published(file, request));
  require_backbone(*file.card, file.name, request.backbone);
  return load_model(file, *file.card);
}

Model open_model(const ModelRequest& request) {
  return build_model(open_weights(request.weights, request.choice), request);
}

}  // namespace camsweep

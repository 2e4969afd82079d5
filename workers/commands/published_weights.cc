#include "workers/commands/published_weights.h"

#include "schemas/checkpoint_catalog.h"

namespace camsweep {

ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options, int resolution) {
  ModelCard card{.variant = variant,
                 .options = options,
                 .resolution = resolution,
                 .mean = {0.485, 0.456, 0.406},  // ImageNet's
                 .std = {0.229, 0.224, 0.225},
                 .class_names = {}};
  const std::vector<std::string> names = published_checkpoints().names(variant.name);
  if (names.empty()) return card;
  const PublishedCheckpoint& entry = *published_checkpoints().find(variant.name, names.front());
  card.mean = entry.mean.get<std::vector<double>>();
  card.std = entry.std.get<std::vector<double>>();
  return card;
}

}  // namespace camsweep

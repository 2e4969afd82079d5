#include "workers/commands/published_weights.h"

namespace camsweep {

ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options, int resolution) {
  ModelCard card{.variant = variant,
                 .options = options,
                 .resolution = resolution,
                 .mean = {0.485, 0.456, 0.406},  // ImageNet's
                 .std = {0.229, 0.224, 0.225},
                 .class_names = {}};
  if (variant.name == "replknet_xl") {  // trained on MegData73M, whose images are scaled to -1..1
    card.mean = {0.5, 0.5, 0.5};
    card.std = {0.5, 0.5, 0.5};
  }
  return card;
}

}  // namespace camsweep

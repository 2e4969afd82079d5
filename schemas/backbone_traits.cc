#include <algorithm>
#include <iterator>
#include <string_view>

#include "schemas/backbone_variant.h"

// What follows from a variant's family and fields without building it.
namespace camsweep {

int smallest_side(const BackboneVariant& variant) {
  if (takes_signals(variant)) return 8;
  const bool full = variant.tail == "full";
  if (variant.family == "inception" && full) return 75;
  return variant.family == "alexnet" && full ? 63 : 32;
}

int smallest_training_side(const BackboneVariant& variant) {
  return variant.family == "inception" && variant.auxiliary == 1 ? 299 : smallest_side(variant);
}

bool takes_signals(const BackboneVariant& variant) { return variant.family == "signal_cnn"; }

bool has_residual_branches(const BackboneVariant& variant) {
  constexpr std::string_view kResidual[] = {"resnet", "convnext", "replknet", "slak", "hornet"};
  return std::ranges::find(kResidual, variant.family) != std::end(kResidual);
}

int stage_count(const BackboneVariant& variant) {
  if (variant.family == "vgg") return static_cast<int>(variant.depths.size());
  if (variant.family == "alexnet") return 3;
  if (takes_signals(variant)) return 2;
  const bool is_cut = (variant.family == "googlenet" || variant.family == "inception") && variant.tail == "cam";
  return is_cut ? 3 : 4;
}

bool has_class_maps(const BackboneVariant& variant) {
  return variant.tail != "full" || (variant.family != "vgg" && variant.family != "alexnet");
}

}  // namespace camsweep

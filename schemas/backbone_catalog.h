#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// One variant of a backbone family as data. Which fields a family reads is said beside them.
struct BackboneVariant {
  std::string name;
  std::string family;        // "resnet", "convnext", "replknet"
  std::vector<int> depths;   // blocks (resnet, convnext) or block pairs (replknet) per stage; always 4 stages
  std::vector<int> widths;   // channels per stage; resnet: planes before the bottleneck's expansion
  std::vector<int> kernels;  // depthwise kernel per stage (convnext default 7, replknet); odd
  int small_kernel = 0;      // replknet: the parallel small branch, 0 = none
  double dw_ratio = 1;       // replknet: depthwise width over block width
  double ffn_ratio = 4;      // convnext, replknet: expansion of the feed-forward part
  std::string block;         // resnet: "basic" or "bottleneck"; convnext: "linear" or "conv" (shape of its MLP weights)
};

Json to_json(const BackboneVariant& variant);

// Throws ConfigError naming the field if `json` is no complete variant of a known family.
BackboneVariant variant_from_json(const Json& json);

// Every backbone a sweep file may name, in one list.
const std::vector<BackboneVariant>& backbone_catalog();

// `name` from `custom` (the `backbones:` block of a sweep file: name -> {family, ...overrides}) or the catalog.
// Throws ConfigError with the nearest known name.
BackboneVariant find_backbone(std::string_view name, const Json& custom = Json::object());

}  // namespace camsweep

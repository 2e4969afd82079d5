#include "workers/backbones/method_points.h"

#include <fmt/format.h>

#include "schemas/error.h"

namespace camsweep {

bool has_signed_maps(const BackboneVariant& variant) { return variant.family != "resnet"; }

MethodPoints method_points(const Backbone& backbone) {
  const int last = backbone.stages() - 1;
  if (backbone.blocks(last) == 0) {
    throw ConfigError(
        fmt::format("wsol_method does not know where to step into {}; allowed: resnet, convnext, replknet, "
                    "slak and hornet",
                    backbone.variant().name));
  }
  const int blocks = backbone.blocks(last);
  const TrunkPoint below = {last - 1, backbone.blocks(last - 1) - 1};
  MethodPoints points;
  points.guidance = {TrunkPoint{last - 1, 0}, below};
  if (!has_signed_maps(backbone.variant())) {
    points.adl = {{last - 1, 0}, {last, 0}};
    if (blocks > 1) points.adl.push_back({last, blocks - 1});
    points.bridge = {last, 0};
    return points;
  }
  points.adl = {below};
  for (int block = 0; block < blocks; ++block) points.adl.push_back({last, block});
  points.bridge = blocks > 1 ? TrunkPoint{last, blocks - 2} : below;
  return points;
}

}  // namespace camsweep

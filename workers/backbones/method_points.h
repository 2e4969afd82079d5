#pragma once

#include <array>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// Where training methods of weakly supervised localization step into a trunk.
struct MethodPoints {
  std::vector<TrunkPoint> adl;         // maps that attention-based dropout acts on
  TrunkPoint bridge;                   // the map that BridgeGAP's second branch erases parts of
  std::array<TrunkPoint, 2> guidance;  // maps that self-produced guidance reads, beside the last one
};

// ResNets: where their authors put them, behind the first block of layer3, the first and last of layer4; and behind the
// first of layer4. Networks of large kernels: behind stage 3 and every block of stage 4; and before stage 4's last
// block. Guidance: behind the first and the last block of stage 3 (spec wsol_methods, 4). Throws ConfigError for
// families without points behind their blocks.
MethodPoints method_points(const Backbone& backbone);

// Whether maps behind blocks have both signs: these families end their blocks without a ReLU.
bool has_signed_maps(const BackboneVariant& variant);

}  // namespace camsweep

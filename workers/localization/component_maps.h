#pragma once

#include <ATen/core/Tensor.h>

#include "workers/localization/leading_component.h"
#include "workers/localization/map_options.h"
#include "workers/localization/score_map.h"

// Maps that are principal components of one image's feature maps.
namespace camsweep {

// The first principal component over channels, with positions as variables. Spec protocol, 5.1.
struct FirstComponent {
  ScoreMap map;              // h x w; may be negative or above 1. Zeros if there is none
  double rate = 0;           // contribution rate: the first eigenvalue over the sum of all
  int dropped_channels = 0;  // constant ones
  bool exists = false;       // false: no two channels differ
};

// `features` (K, h, w); `weights` (K), not read for Pc1Input::kRaw. Weighted maps are scaled to [0, 1] per channel
// (constant channels are dropped and counted), raw maps are taken as they are. Computed in float32, as the network's
// maps are.
FirstComponent first_component(const at::Tensor& features, const at::Tensor& weights, MapOptions::Pc1Input input,
                               MapOptions::Pc1Sign sign);

// The projection of each position's channels on their first principal component, each channel centred over positions
// (Muhammad and Yeasin, IJCNN 2020). `activations` (K, h, w). `cam` (h, w) is read for EigenSign::kCam alone. Zeros
// where the activations are constant.
ScoreMap eigen_map(const at::Tensor& activations, MapOptions::EigenSign sign, const at::Tensor& cam);

// Whether the component marks the background: more than half of the frame lies above the map's mean, the map is then
// reversed. The frame is one position thick at the top and left and two at the bottom and right, as in the released
// code; its count is divided by 4 (s - 1) for an s x s map.
bool marks_frame(const ScoreMap& map);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "workers/localization/map_options.h"
#include "workers/localization/score_map.h"

// Maps from the gradient of a class's logit with respect to a layer's map. All tensors are double, on the CPU.
namespace camsweep {

// From the map A and its gradient g of one image, both (K, h, w): (h, w), not rectified. Spec wsol_methods, 3.5 to 3.9.
// Of kGradCam, kHiResCam, kXGradCam, kGradCamPp, kLayerCam.
at::Tensor gradient_map(MapMethod method, const at::Tensor& activations, const at::Tensor& gradients,
                        const MapOptions& options);

// LayerCAM of several layers (Jiang et al., TIP 2021, equations 6 and 7): each map is rectified and scaled by its
// maximum, all but the deepest pass through tanh(2 x), and the largest value of a position counts at the resolution of
// the shallowest (bilinear). `maps` are shallowest first.
ScoreMap fused_layers(const std::vector<ScoreMap>& maps);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/localization/channel_weights.h"
#include "workers/localization/ddt.h"
#include "workers/localization/map_options.h"
#include "workers/localization/score_map.h"

// The maps of one image and class, method by method.
namespace camsweep {

// One image's part of a pass.
struct ImageLayers {
  at::Tensor image;                // (1, 3, S, S), on the network's device
  at::Tensor explained_on_device;  // (1, K, h, w): the layer that is explained, of several the deepest
  // Double, on the CPU:
  at::Tensor features;             // (K, h, w): the last feature map
  at::Tensor pooled;               // (K), its GAP
  std::vector<at::Tensor> layers;  // (K, h, w) each, shallowest first
  at::Tensor logits;               // (classes)
  uint64_t seed = 0;               // of MapMethod::kRandom

  const at::Tensor& explained() const { return layers.back(); }
};

struct ClassView {
  int64_t label = 0;
  ClassScore score;                   // undefined members where nothing asks for them
  std::vector<at::Tensor> gradients;  // d logit / d layer, of each of ImageLayers::layers; empty in closed form
};

struct MapContext {
  Backbone& backbone;
  const MapOptions& options;
  const std::vector<ClassDirection>& directions;  // of MapMethod::kDdt, per class
};

// Not rectified, at the layer's own size.
ScoreMap make_map(MapMethod method, const MapContext& context, const ImageLayers& image, const ClassView& of);

}  // namespace camsweep

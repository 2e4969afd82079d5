#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/localization/map_options.h"

// The passes through a network that maps are made from.
namespace camsweep {

// One pass over a batch of N images, on the network's device.
struct MapPass {
  at::Tensor images;    // (N, 3, S, S)
  at::Tensor features;  // (N, K, h, w): the last feature map
  at::Tensor logits;    // (N, classes)
  // The maps of MapOptions::layers, shallowest first; the last feature map if there are none. What follows the
  // shallowest is recorded for layer_gradients() where that was asked for.
  std::vector<at::Tensor> layers;
};

enum class Gradients { kNone, kRecorded };

// The trunk runs without a graph up to the shallowest of `layers`, and from there to the logits with one if asked for.
MapPass run_map_pass(Backbone& backbone, const at::Tensor& images, const std::vector<int>& layers, Gradients gradients);

// d logit / d A of each of the pass's layers, one backward for the whole batch: `classes` holds each image's class.
// With kKept the graph serves another call.
enum class Graph { kKept, kFreed };
std::vector<at::Tensor> layer_gradients(const MapPass& pass, const std::vector<int64_t>& classes, Graph graph);

// Logits (K, classes) of one image with one channel of its map `layer` (1, K, h, w) at zero, for each channel: K passes
// through what follows stage `stage` (from 1; 0: the last feature map), a chunk of channels at a time.
at::Tensor logits_without_channels(Backbone& backbone, const at::Tensor& layer, int stage);

}  // namespace camsweep

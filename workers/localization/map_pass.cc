#include "workers/localization/map_pass.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

namespace camsweep {
namespace {

constexpr int64_t kChunk = 64;

at::Tensor run_tail(Backbone& backbone, at::Tensor x, int stage) {
  for (; stage < backbone.stages(); ++stage) x = backbone.run_stage(stage, x, {});
  return x;
}

}  // namespace

MapPass run_map_pass(Backbone& backbone, const at::Tensor& images, const std::vector<int>& layers,
                     Gradients gradients) {
  const int first = layers.empty() ? backbone.stages() : layers.front();
  at::Tensor x = images;
  {
    const at::NoGradGuard no_grad;
    for (int stage = 0; stage < first; ++stage) x = backbone.run_stage(stage, x, {});
  }
  const at::AutoGradMode mode(gradients == Gradients::kRecorded);
  if (gradients == Gradients::kRecorded) x = x.detach().requires_grad_(true);
  MapPass pass{images, {}, {}, {x}};
  for (int stage = first; stage < backbone.stages(); ++stage) {
    x = backbone.run_stage(stage, x, {});
    if (std::find(layers.begin(), layers.end(), stage + 1) != layers.end()) pass.layers.push_back(x);
  }
  pass.features = x.detach();
  pass.logits = backbone.classify(x, {});
  return pass;
}

std::vector<at::Tensor> layer_gradients(const MapPass& pass, const std::vector<int64_t>& classes, Graph graph) {
  const at::AutoGradMode with_gradient(true);
  const at::Tensor index = at::tensor(classes, at::kLong).to(pass.logits.device()).unsqueeze(1);
  const at::Tensor chosen = pass.logits.gather(1, index).sum();
  return torch::autograd::grad({chosen}, pass.layers, /*grad_outputs=*/{}, /*retain_graph=*/graph == Graph::kKept);
}

at::Tensor logits_without_channels(Backbone& backbone, const at::Tensor& layer, int stage) {
  const at::NoGradGuard no_grad;
  const int64_t channels = layer.size(1);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < channels; first += kChunk) {
    const int64_t count = std::min(kChunk, channels - first);
    const at::Tensor ablated = layer.detach().repeat({count, 1, 1, 1});
    for (int64_t i = 0; i < count; ++i) ablated[i][first + i].zero_();
    parts.push_back(backbone.classify(run_tail(backbone, ablated, stage == 0 ? backbone.stages() : stage), {}));
  }
  return at::cat(parts);
}

}  // namespace camsweep

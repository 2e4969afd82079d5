#include "workers/localization/image_maps.h"

#include <ATen/ATen.h>

#include "schemas/error.h"
#include "workers/backbones/erasing_head.h"
#include "workers/localization/baseline_maps.h"
#include "workers/localization/component_maps.h"
#include "workers/localization/full_grad.h"
#include "workers/localization/gradient_maps.h"
#include "workers/localization/map_pass.h"
#include "workers/localization/map_rendering.h"
#include "workers/localization/score_cam.h"

namespace camsweep {
namespace {

at::Tensor weighted_sum(const at::Tensor& weights, const at::Tensor& maps) {
  return at::matmul(weights, maps.flatten(1)).view({maps.size(1), maps.size(2)});
}

// Ablation-CAM (Desai and Ramaswamy, WACV 2020) where the classifier gives no closed form. The division by |logit| is
// left to the map's scaling.
at::Tensor ablation_weights(const MapContext& context, const ImageLayers& image, int64_t label) {
  const std::vector<int>& layers = context.options.layers;
  const at::Tensor without =
      logits_without_channels(context.backbone, image.explained_on_device, layers.empty() ? 0 : layers.back());
  return image.logits[label] - without.select(1, label).to(at::kCPU, at::kDouble);
}

ScoreMap from_gradients(MapMethod method, const MapContext& context, const ImageLayers& image, const ClassView& of) {
  std::vector<ScoreMap> maps;
  for (size_t i = 0; i < of.gradients.size(); ++i) {
    maps.push_back(to_score_map(gradient_map(method, image.layers[i], of.gradients[i], context.options)));
  }
  return maps.size() == 1 ? maps.front() : fused_layers(maps);
}

// ACoL's: where either of its classifiers finds the class.
ScoreMap erasing_map(const ErasingHead& head, const ImageLayers& image, int64_t label) {
  const at::Tensor labels = at::full({1}, label, image.explained_on_device.options().dtype(at::kLong));
  const ErasingHead::Branches found = head.branches(image.explained_on_device, labels, {});
  const at::Tensor either = at::maximum(stretched(found.map), stretched(found.erased_map));
  return to_score_map(either[0].to(at::kCPU, at::kDouble));
}

ScoreMap of_channels(MapMethod method, const MapContext& context, const ImageLayers& image, const ClassView& of) {
  const at::Tensor& maps = image.explained();
  const ErasingHead* erasing = context.backbone.erasing_head();
  if (method == MapMethod::kCam && erasing) return erasing_map(*erasing, image, of.label);
  const bool closed_form = of.score.gradient.defined();
  if (is_classifier_sum(method) || closed_form) {
    const int64_t positions = maps.size(1) * maps.size(2);
    return to_score_map(weighted_sum(channel_weights(method, of.score, context.options, positions), maps));
  }
  if (method == MapMethod::kAblationCam) {
    return to_score_map(weighted_sum(ablation_weights(context, image, of.label), maps));
  }
  return from_gradients(method, context, image, of);
}

ScoreMap component_of(const at::Tensor& activations, const MapContext& context, const ImageLayers& image,
                      const ClassView& of) {
  const bool by_cam = context.options.eigen_sign == MapOptions::EigenSign::kCam;
  const at::Tensor cam = by_cam ? weighted_sum(of.score.weights, image.explained()) : at::Tensor();
  return eigen_map(activations, context.options.eigen_sign, cam);
}

// What Score-CAM ranks channels by: how much they can move the logit.
at::Tensor importance(const ImageLayers& image, const ClassView& of) {
  const at::Tensor deviation = image.explained().flatten(1).std(1);
  return of.score.gradient.defined() ? deviation * of.score.gradient.abs() : deviation;
}

}  // namespace

ScoreMap make_map(MapMethod method, const MapContext& context, const ImageLayers& image, const ClassView& of) {
  const MapOptions& options = context.options;
  const at::Tensor& maps = image.explained();
  switch (method) {
    case MapMethod::kEigenCam:
      return component_of(maps, context, image, of);
    case MapMethod::kEigenGradCam:
      return component_of((of.gradients.empty() ? of.score.gradient.view({-1, 1, 1}) : of.gradients.back()) * maps,
                          context, image, of);
    case MapMethod::kPc1:
      return first_component(maps, of.score.weights, options.pc1_input, options.pc1_sign).map;
    case MapMethod::kScoreCam:
      return to_score_map(score_cam(context.backbone, image.image, image.explained_on_device, importance(image, of),
                                    of.label, options.scorecam_channels));
    case MapMethod::kFullGrad:
      return to_score_map(full_grad_map(full_gradient(context.backbone, image.image, of.label)));
    case MapMethod::kDdt:
      CAMSWEEP_CHECK(static_cast<size_t>(of.label) < context.directions.size(), "ddt knows every class");
      return to_score_map(ddt_map(maps, context.directions[static_cast<size_t>(of.label)]));
    case MapMethod::kRandom:
      return random_weights_map(image.features, image.seed);
    case MapMethod::kCentre:
      return centre_map();
    default:
      return of_channels(method, context, image, of);
  }
}

}  // namespace camsweep

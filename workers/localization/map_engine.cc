#include "workers/localization/map_engine.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <algorithm>
#include <map>
#include <string>

#include "schemas/error.h"
#include "workers/localization/channel_weights.h"

namespace camsweep {

namespace {

bool takes_gradients(MapMethod method) {
  return (method >= MapMethod::kGradCam && method <= MapMethod::kLayerCam) || method == MapMethod::kEigenGradCam;
}

// The mean of a map and the mirrored image's, which is mirrored back.
void add_mirrored(ScoreMap& map, const ScoreMap& mirrored) {
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      double& value = map.values[static_cast<size_t>(y) * static_cast<size_t>(map.width) + static_cast<size_t>(x)];
      value = (value + mirrored.at(y, map.width - 1 - x)) / 2;
    }
  }
}

at::Tensor on_cpu(const at::Tensor& values) { return values.detach().to(at::kCPU, at::kDouble).contiguous(); }

bool has_closed_form(const Backbone& backbone, const MapOptions& options) {
  return options.layers.empty() && is_pooled(backbone.head_form()) && backbone.options().pool == Pool::kGap;
}

MapSetting::Classifier classifier_of(HeadForm form) {
  if (form == HeadForm::kErasing) return MapSetting::Classifier::kErasing;
  return is_pooled(form) ? MapSetting::Classifier::kPooled : MapSetting::Classifier::kFullyConnected;
}

MapSetting setting_of(const Backbone& backbone, const MapOptions& options) {
  return {
      .network = backbone.variant().name,
      .stages = backbone.stages(),
      .classifier = classifier_of(backbone.head_form()),
      .pooling = backbone.options().pool == Pool::kGap ? MapSetting::Pooling::kAverage : MapSetting::Pooling::kMaximum,
      .layers = options.layers,
      .exact_weights = options.cam_weight == MapOptions::CamWeight::kExact,
      .weighted_pc1 = options.pc1_input == MapOptions::Pc1Input::kWeighted,
      .eigen_sign_by_cam = options.eigen_sign == MapOptions::EigenSign::kCam};
}

}  // namespace

MapEngine::MapEngine(Backbone& backbone, const std::vector<MapMethod>& methods, const MapOptions& options)
    : backbone_(backbone), methods_(methods), options_(options) {
  if (options_.layers == std::vector<int>{backbone.stages()}) options_.layers.clear();  // the last feature map
  closed_form_ = has_closed_form(backbone, options_);
  const MapSetting setting = setting_of(backbone, options);
  for (const MapMethod method : methods_) {
    if (const auto problem = method_problem(method, setting)) throw ConfigError(*problem);
    needs_weights_ = needs_weights_ || (is_pooled(backbone.head_form()) && takes_classifier(method, setting));
  }
}

bool MapEngine::needs_gradients() const {
  return !closed_form_ && std::any_of(methods_.begin(), methods_.end(), takes_gradients);
}

MapPass MapEngine::run(const at::Tensor& images) const {
  const bool mirrored = options_.flip == MapOptions::Flip::kAverage;
  return run_map_pass(backbone_, mirrored ? at::cat({images, images.flip(3)}) : images, options_.layers,
                      needs_gradients() ? Gradients::kRecorded : Gradients::kNone);
}

std::vector<std::optional<MapMethod>> MapEngine::identical_to() const {
  std::map<std::string, MapMethod> first;
  std::vector<std::optional<MapMethod>> result;
  for (const MapMethod method : methods_) {
    if (!closed_form_) {
      result.emplace_back();
      continue;
    }
    const auto [entry, is_new] = first.emplace(weight_formula(method, backbone_.head_form(), options_), method);
    result.push_back(is_new ? std::nullopt : std::optional(entry->second));
  }
  return result;
}

ImageLayers MapEngine::image_layers(const MapPass& pass, size_t image, uint64_t seed) const {
  const auto row = static_cast<int64_t>(image);
  ImageLayers result{.image = pass.images.narrow(0, row, 1),
                     .explained_on_device = pass.layers.back().detach().narrow(0, row, 1),
                     .features = on_cpu(pass.features[row]),
                     .pooled = {},
                     .layers = {},
                     .logits = on_cpu(pass.logits[row]),
                     .seed = seed};
  result.pooled = result.features.flatten(1).mean(1);
  if (options_.layers.empty()) {
    result.layers = {result.features};
  } else {
    for (const at::Tensor& layer : pass.layers) result.layers.push_back(on_cpu(layer[row]));
  }
  return result;
}

ClassView MapEngine::class_view(const ImageLayers& image, int64_t label) const {
  ClassView view;
  view.label = label;
  view.score.pooled = image.pooled;
  view.score.logit = image.logits[label].item<double>();
  if (needs_weights_) {
    view.score.weights = class_weights(backbone_, image.pooled, label, options_.cam_weight);
  }
  if (closed_form_) {
    view.score.gradient = backbone_.logit_gradient(image.pooled, label);
    view.score.without = backbone_.logits_without_channel(image.pooled, label);
  }
  return view;
}

MapEngine::ClassMaps MapEngine::class_maps(const ImageLayers& image, const ClassView& of,
                                           const ClassMaps* of_other_class) const {
  const MapContext context{backbone_, options_, directions_};
  const std::vector<std::optional<MapMethod>> same = identical_to();
  ClassMaps maps;
  for (size_t m = 0; m < methods_.size(); ++m) {
    if (same[m]) {
      const auto first = std::find(methods_.begin(), methods_.end(), *same[m]);
      maps.push_back(maps[static_cast<size_t>(first - methods_.begin())]);
    } else if (of_other_class && map_method_info(methods_[m]).subject == MapMethodInfo::Subject::kImage) {
      maps.push_back((*of_other_class)[m]);
    } else {
      maps.push_back(make_map(methods_[m], context, image, of));
    }
  }
  return maps;
}

std::vector<MapEngine::ImageMaps> MapEngine::all_maps(const MapPass& pass,
                                                      const std::vector<MapRequest>& requests) const {
  size_t slots = 0;
  std::vector<ImageLayers> images;
  for (size_t i = 0; i < requests.size(); ++i) {
    slots = std::max(slots, requests[i].classes.size());
    images.push_back(image_layers(pass, i, requests[i].seed));
  }
  std::vector<ImageMaps> maps(requests.size());
  for (size_t slot = 0; slot < slots; ++slot) {
    std::vector<int64_t> classes(static_cast<size_t>(pass.logits.size(0)), 0);
    for (size_t i = 0; i < requests.size(); ++i) {
      if (slot < requests[i].classes.size()) classes[i] = requests[i].classes[slot];
    }
    std::vector<at::Tensor> gradients;
    if (needs_gradients()) gradients = layer_gradients(pass, classes, slot + 1 < slots ? Graph::kKept : Graph::kFreed);
    for (size_t i = 0; i < requests.size(); ++i) {
      if (slot >= requests[i].classes.size()) continue;
      ClassView view = class_view(images[i], classes[i]);
      for (const at::Tensor& gradient : gradients) view.gradients.push_back(on_cpu(gradient[static_cast<int64_t>(i)]));
      maps[i].push_back(class_maps(images[i], view, maps[i].empty() ? nullptr : &maps[i].front()));
    }
  }
  return maps;
}

std::vector<MapEngine::ImageMaps> MapEngine::maps(const MapPass& pass, const std::vector<MapRequest>& requests) const {
  const at::NoGradGuard no_grad;
  if (options_.flip == MapOptions::Flip::kNone) return all_maps(pass, requests);
  const auto batch = static_cast<size_t>(pass.images.size(0)) / 2;
  std::vector<MapRequest> both = requests;
  both.resize(batch);
  both.insert(both.end(), requests.begin(), requests.end());
  std::vector<ImageMaps> maps = all_maps(pass, both);
  for (size_t i = 0; i < requests.size(); ++i) {
    for (size_t c = 0; c < maps[i].size(); ++c) {
      for (size_t m = 0; m < methods_.size(); ++m) add_mirrored(maps[i][c][m], maps[batch + i][c][m]);
    }
  }
  maps.resize(requests.size());
  return maps;
}

}  // namespace camsweep

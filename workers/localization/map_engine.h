#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/localization/ddt.h"
#include "workers/localization/image_maps.h"
#include "workers/localization/map_options.h"
#include "workers/localization/map_pass.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// Whose maps of an image are wanted.
struct MapRequest {
  std::vector<int64_t> classes;
  uint64_t seed = 0;  // of MapMethod::kRandom
};

// All maps of a network's images. Methods share one pass: of the last feature map, behind average pooling and a linear
// classifier, all follow from it in closed form; elsewhere gradient methods take one backward pass per class, from the
// shallowest layer and for the whole batch.
class MapEngine {
 public:
  // Throws ConfigError, one sentence, where the network or the layers do not give a method's map.
  MapEngine(Backbone& backbone, const std::vector<MapMethod>& methods, const MapOptions& options);

  const std::vector<MapMethod>& methods() const { return methods_; }
  // What MapMethod::kDdt projects on, per class.
  void set_class_directions(std::vector<ClassDirection> directions) { directions_ = std::move(directions); }

  // `images` (N, 3, S, S) normalized, on the network's device. With Flip::kAverage the pass holds their mirrored ones
  // behind them.
  MapPass run(const at::Tensor& images) const;

  // For each request, of the pass's images in order, and each of its classes: a map per method, in the order of
  // methods(), at the layer's own size and not rectified.
  using ClassMaps = std::vector<ScoreMap>;
  using ImageMaps = std::vector<ClassMaps>;
  std::vector<ImageMaps> maps(const MapPass& pass, const std::vector<MapRequest>& requests) const;

  // For each method the earlier one that has the same map by algebra, once it is scaled. Such maps are computed once,
  // so that their figures agree to the last digit.
  std::vector<std::optional<MapMethod>> identical_to() const;

 private:
  bool needs_gradients() const;
  ImageLayers image_layers(const MapPass& pass, size_t image, uint64_t seed) const;
  ClassView class_view(const ImageLayers& image, int64_t label) const;
  ClassMaps class_maps(const ImageLayers& image, const ClassView& of, const ClassMaps* of_other_class) const;
  std::vector<ImageMaps> all_maps(const MapPass& pass, const std::vector<MapRequest>& requests) const;

  Backbone& backbone_;
  std::vector<MapMethod> methods_;
  MapOptions options_;
  bool closed_form_ = false;
  bool needs_weights_ = false;  // of the classifier
  std::vector<ClassDirection> directions_;
};

}  // namespace camsweep

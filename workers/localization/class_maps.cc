#include "workers/localization/class_maps.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "schemas/error.h"
#include "schemas/text.h"
#include "workers/localization/map_resize.h"
#include "workers/localization/pc1.h"

namespace camsweep {
namespace {

uint8_t to_level(double value, MapOptions::Pc1Quantization quantization) {
  const double scaled = 255 * value;
  if (quantization == MapOptions::Pc1Quantization::kClip) return static_cast<uint8_t>(std::clamp(scaled, 0.0, 255.0));
  return static_cast<uint8_t>(static_cast<int64_t>(scaled));  // wraps around, as the released script's cast does
}

bool is(const Json& parameters, const char* name, const char* value) { return parameters.value(name, "") == value; }

}  // namespace

std::string method_name(Method method) { return std::string(kMethodNames[static_cast<size_t>(method)]); }

Method method_from_name(const std::string& name) {
  const auto* found = std::find(std::begin(kMethodNames), std::end(kMethodNames), name);
  if (found == std::end(kMethodNames)) {
    const std::vector<std::string> known(std::begin(kMethodNames), std::end(kMethodNames));
    throw ConfigError(fmt::format("unknown method '{}'{}; known: {}", name, did_you_mean(name, known), join(known)));
  }
  return static_cast<Method>(found - std::begin(kMethodNames));
}

MapOptions map_options(const Json& parameters) {
  MapOptions options;
  if (is(parameters, "cam_weight", "exact")) options.cam_weight = MapOptions::CamWeight::kExact;
  if (is(parameters, "heatmap", "wsoleval")) options.heatmap = MapOptions::Heatmap::kWsoleval;
  if (is(parameters, "neg_sign", "magnitude")) options.negative_sign = MapOptions::NegativeSign::kMagnitude;
  if (is(parameters, "pc1_input", "raw")) options.pc1_input = MapOptions::Pc1Input::kRaw;
  if (is(parameters, "pc1_sign", "score")) options.pc1_sign = MapOptions::Pc1Sign::kScore;
  if (is(parameters, "pc1_quantization", "clip")) options.pc1_quantization = MapOptions::Pc1Quantization::kClip;
  if (is(parameters, "pc1_quantization", "wrap")) options.pc1_quantization = MapOptions::Pc1Quantization::kWrap;
  return options;
}

at::Tensor class_weights(const Backbone& backbone, const at::Tensor& features, int64_t class_index,
                         MapOptions::CamWeight form) {
  if (backbone.head_form() == HeadForm::kFullyConnected) {
    throw ConfigError(fmt::format("{}: has no class activation map, as its classifier is of fully connected layers",
                                  backbone.variant().name));
  }
  const at::Tensor weights = backbone.classifier_weight();
  if (form == MapOptions::CamWeight::kPaper) return weights[class_index].to(at::kCPU, at::kDouble);
  const at::Tensor pooled = features.mean(at::IntArrayRef{1, 2}).to(weights.device(), weights.scalar_type());
  return backbone.exact_cam_weights(pooled, class_index).to(at::kCPU, at::kDouble);
}

at::Tensor activation_map(const at::Tensor& features, const at::Tensor& weights, Method method,
                          MapOptions::NegativeSign sign) {
  CAMSWEEP_CHECK(method != Method::kPc1, "PC1 is not a weighted sum of maps");
  at::Tensor chosen = weights;
  if (method == Method::kCamPositive) chosen = weights.clamp_min(0);
  if (method == Method::kCamNegative) chosen = weights.clamp_max(0);
  if (method == Method::kCamNegative && sign == MapOptions::NegativeSign::kMagnitude) chosen = chosen.neg();
  const at::Tensor sum = at::matmul(chosen, features.flatten(1));
  return (sum / features.size(0)).view({features.size(1), features.size(2)});
}

ScoreMap coarse_map(const at::Tensor& features, const at::Tensor& weights, Method method, const MapOptions& options) {
  if (method == Method::kPc1) return first_component(features, weights, options.pc1_input, options.pc1_sign).map;
  return to_score_map(activation_map(features, weights, method, options.negative_sign));
}

Normalized render_map(const ScoreMap& coarse, Method method, const MapOptions& options, int side) {
  return method == Method::kPc1 ? render_pc1(coarse, options.pc1_quantization, side)
                                : render_activation(coarse, options.heatmap, side);
}

Normalized render_activation(const ScoreMap& map, MapOptions::Heatmap heatmap, int side) {
  if (heatmap == MapOptions::Heatmap::kWsoleval) return min_max(resize_map(map, side, side, MapFilter::kBicubic));
  ScoreMap positive = map;
  double high = 0;
  bool finite = true;
  for (double& value : positive.values) {
    finite = finite && std::isfinite(value);
    value = std::max(value, 0.0);
    high = std::max(high, value);
  }
  if (!finite || high <= 0) {
    const auto pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
    return {{side, side, std::vector<double>(pixels, 0.0)}, true};
  }
  for (double& value : positive.values) value /= high;
  return min_max(quantize(resize_map(positive, side, side, MapFilter::kBilinear)));
}

Normalized render_pc1(const ScoreMap& map, MapOptions::Pc1Quantization quantization, int side) {
  const ScoreMap resized = resize_map(map, side, side, MapFilter::kBilinear);
  if (quantization == MapOptions::Pc1Quantization::kMinMax) return min_max(resized);
  LevelMap levels{side, side, {}};
  for (const double value : resized.values) levels.levels.push_back(to_level(value, quantization));
  return min_max(levels);
}

ScoreMap to_score_map(const at::Tensor& map) {
  const at::Tensor plain = map.to(at::kCPU, at::kDouble).contiguous();
  const double* values = plain.const_data_ptr<double>();
  return {static_cast<int>(plain.size(0)), static_cast<int>(plain.size(1)), {values, values + plain.numel()}};
}

}  // namespace camsweep

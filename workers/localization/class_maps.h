#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"
#include "workers/backbones/backbone.h"
#include "workers/localization/score_map.h"

namespace camsweep {

enum class Method { kCam, kCamPositive, kCamNegative, kPc1 };
inline constexpr std::string_view kMethodNames[] = {"cam", "cam_positive", "cam_negative", "pc1"};

std::string method_name(Method method);
// Throws ConfigError with the known names.
Method method_from_name(const std::string& name);

// How the maps are made; the options table of the design, section 5.
struct MapOptions {
  enum class CamWeight { kPaper, kExact } cam_weight = CamWeight::kPaper;
  enum class Heatmap { kOfficial, kWsoleval } heatmap = Heatmap::kOfficial;
  enum class NegativeSign { kSigned, kMagnitude } negative_sign = NegativeSign::kSigned;
  enum class Pc1Input { kWeighted, kRaw } pc1_input = Pc1Input::kWeighted;
  enum class Pc1Sign { kComponent, kScore } pc1_sign = Pc1Sign::kComponent;
  enum class Pc1Quantization { kMinMax, kClip, kWrap } pc1_quantization = Pc1Quantization::kMinMax;
};

// Reads cam_weight, heatmap, neg_sign, pc1_input, pc1_sign and pc1_quantization where they are given.
MapOptions map_options(const Json& parameters);

// Features below are those of one image, (K, h, w) double on the CPU; weights are (K) double.

// The weights of a class: the classifier's row, or the exact ones of spec backbones, 3. Throws ConfigError for a network
// whose head leaves no class activation map.
at::Tensor class_weights(const Backbone& backbone, const at::Tensor& features, int64_t class_index,
                         MapOptions::CamWeight form);

// The mean over channels of w_k F_k over all, the positive or the negative weights. Spec protocol, 3.1 and 3.4.
at::Tensor activation_map(const at::Tensor& features, const at::Tensor& weights, Method method,
                          MapOptions::NegativeSign sign);

// The map of one image, class and method at the features' own size: activation_map() or first_component().
ScoreMap coarse_map(const at::Tensor& features, const at::Tensor& weights, Method method, const MapOptions& options);

// The score map of a coarse one: side x side, in [0, 1]; zeros where it is constant or not finite.
Normalized render_map(const ScoreMap& coarse, Method method, const MapOptions& options, int side);

// Spec protocol, 3.1 steps 4 to 7, or 3.2.
Normalized render_activation(const ScoreMap& map, MapOptions::Heatmap heatmap, int side);
// Spec protocol, 5.1, step 9.
Normalized render_pc1(const ScoreMap& map, MapOptions::Pc1Quantization quantization, int side);

ScoreMap to_score_map(const at::Tensor& map);

}  // namespace camsweep

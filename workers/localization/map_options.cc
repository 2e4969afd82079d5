#include "workers/localization/map_options.h"

#include <fmt/format.h>

#include <optional>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

bool is(const Json& parameters, const char* name, const char* value) {
  const auto found = parameters.find(name);
  return found != parameters.end() && *found == value;
}

}  // namespace

MapOptions map_options(const Json& parameters) {
  MapOptions options;
  if (is(parameters, "cam_weight", "exact")) options.cam_weight = MapOptions::CamWeight::kExact;
  if (is(parameters, "heatmap", "wsoleval")) options.heatmap = MapOptions::Heatmap::kWsoleval;
  if (is(parameters, "heatmap", "max")) options.heatmap = MapOptions::Heatmap::kMax;
  if (is(parameters, "neg_sign", "magnitude")) options.negative_sign = MapOptions::NegativeSign::kMagnitude;
  if (is(parameters, "pc1_input", "raw")) options.pc1_input = MapOptions::Pc1Input::kRaw;
  if (is(parameters, "pc1_sign", "score")) options.pc1_sign = MapOptions::Pc1Sign::kScore;
  if (is(parameters, "pc1_quantization", "clip")) options.pc1_quantization = MapOptions::Pc1Quantization::kClip;
  if (is(parameters, "pc1_quantization", "wrap")) options.pc1_quantization = MapOptions::Pc1Quantization::kWrap;
  if (is(parameters, "gradcam_pp_eps", "library")) options.plus_plus_eps = MapOptions::PlusPlusEps::kLibrary;
  if (is(parameters, "eigen_sign", "frame")) options.eigen_sign = MapOptions::EigenSign::kFrame;
  if (is(parameters, "eigen_sign", "cam")) options.eigen_sign = MapOptions::EigenSign::kCam;
  if (parameters.value("flip_average", false)) options.flip = MapOptions::Flip::kAverage;
  options.weight_split = parameters.value("weight_split", options.weight_split);
  options.scorecam_channels = parameters.value("scorecam_channels", options.scorecam_channels);
  const std::optional<std::vector<int>> layers = parse_layers(parameters.value("layers", "last"));
  CAMSWEEP_CHECK(layers, "parameters are checked before a job takes them");
  options.layers = *layers;
  return options;
}

MapMethod map_method_from_name(const std::string& name) {
  if (const MapMethodInfo* info = find_map_method(name)) return info->method;
  const std::vector<std::string> known = map_method_names();
  throw ConfigError(fmt::format("unknown method '{}'{}; known: {}", name, did_you_mean(name, known), join(known)));
}

}  // namespace camsweep

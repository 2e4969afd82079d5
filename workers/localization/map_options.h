#pragma once

#include <string>
#include <vector>

#include "schemas/json.h"
#include "schemas/map_methods.h"

namespace camsweep {

// How maps are made; the options table of the design, section 5.
struct MapOptions {
  enum class CamWeight { kPaper, kExact } cam_weight = CamWeight::kPaper;
  enum class Heatmap { kOfficial, kWsoleval, kMax } heatmap = Heatmap::kOfficial;
  enum class NegativeSign { kSigned, kMagnitude } negative_sign = NegativeSign::kSigned;
  enum class Pc1Input { kWeighted, kRaw } pc1_input = Pc1Input::kWeighted;
  enum class Pc1Sign { kComponent, kScore } pc1_sign = Pc1Sign::kComponent;
  enum class Pc1Quantization { kMinMax, kClip, kWrap } pc1_quantization = Pc1Quantization::kMinMax;
  // Of Grad-CAM++'s denominator: none, or that of the library most use.
  enum class PlusPlusEps { kZero, kLibrary } plus_plus_eps = PlusPlusEps::kZero;
  // What turns a component without a sign the right way round: the larger extreme is positive, the frame is low, or it
  // agrees with the exact CAM.
  enum class EigenSign { kExtreme, kFrame, kCam } eigen_sign = EigenSign::kExtreme;
  enum class Flip { kNone, kAverage } flip = Flip::kNone;  // averaged with the mirrored image's map, mirrored back
  double weight_split = 0.04;                              // between small and large weights
  int scorecam_channels = 64;                              // of each image and class; 0: all
  std::vector<int> layers = {};  // stages whose maps are explained, rising from 1; empty: the last feature map
};

// Reads the parameters of these options where they are given; their values are those of the parameter table.
MapOptions map_options(const Json& parameters);

// Throws ConfigError with the known names.
MapMethod map_method_from_name(const std::string& name);

}  // namespace camsweep

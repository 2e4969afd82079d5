#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "workers/data/image.h"
#include "workers/data/random.h"
#include "workers/data/resize.h"

namespace camsweep {

// RandAugment as timm's policy rand-m9-mstd0.5-inc1 has it (Cubuk et al., CVPR Workshops 2020; spec wsol_methods, 7.2).
enum class Operation {
  kAutoContrast,
  kEqualize,
  kInvert,
  kRotate,
  kPosterize,
  kSolarize,
  kSolarizeAdd,
  kColor,
  kContrast,
  kBrightness,
  kSharpness,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY
};
constexpr int kOperations = 15;

// "auto_contrast", "rotate", ..
std::string_view operation_name(Operation operation);

// An operation with what it takes: degrees (counter-clockwise), bits, a threshold, an addend, a factor, a slope, or a
// share of the width or height; nothing for the first three.
struct Distortion {
  Operation operation = Operation::kInvert;
  double argument = 0;
  Filter filter = Filter::kBicubic;  // of the geometric ones
};

// Level 0 to 10 -> the argument; `negative` where an operation goes both ways.
double operation_argument(Operation operation, double level, bool negative);

struct RandAugmentOptions {
  double magnitude = 9;
  double magnitude_std = 0.5;
  int layers = 2;            // operations drawn for an image, with replacement
  double probability = 0.5;  // that one is applied
};

// What happens to one image.
std::vector<Distortion> draw_distortions(const RandAugmentOptions& options, Random& random);

// Bit-identical to timm 1.0.31 on Pillow 12 with the same arguments. `fill` is for pixels from outside.
void distort(Image& image, const Distortion& distortion, const std::array<uint8_t, 3>& fill);

}  // namespace camsweep

#include "workers/data/rand_augment.h"

#include <algorithm>

#include "workers/data/affine.h"
#include "workers/data/image_operations.h"

namespace camsweep {
namespace {

constexpr double kHighestLevel = 10;

constexpr std::string_view kNames[] = {"auto_contrast", "equalize",     "invert",  "rotate",      "posterize",
                                       "solarize",      "solarize_add", "color",   "contrast",    "brightness",
                                       "sharpness",     "shear_x",      "shear_y", "translate_x", "translate_y"};
static_assert(std::size(kNames) == kOperations);

AffineMap map_of(const Distortion& distortion, const Image& image) {
  switch (distortion.operation) {
    case Operation::kRotate:
      return rotation(distortion.argument, image.width, image.height);
    case Operation::kShearX:
      return {.b = distortion.argument};
    case Operation::kShearY:
      return {.d = distortion.argument};
    case Operation::kTranslateX:
      return {.c = distortion.argument * image.width};
    default:
      return {.f = distortion.argument * image.height};
  }
}

}  // namespace

std::string_view operation_name(Operation operation) { return kNames[static_cast<size_t>(operation)]; }

double operation_argument(Operation operation, double level, bool negative) {
  const double share = level / kHighestLevel;
  const double sign = negative ? -1 : 1;
  switch (operation) {
    case Operation::kAutoContrast:
    case Operation::kEqualize:
    case Operation::kInvert:
      return 0;
    case Operation::kRotate:
      return sign * (share * 30);
    case Operation::kPosterize:
      return 4 - static_cast<int>(share * 4);
    case Operation::kSolarize:
      return 256 - std::min(256, static_cast<int>(share * 256));
    case Operation::kSolarizeAdd:
      return std::min(128, static_cast<int>(share * 110));
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kBrightness:
    case Operation::kSharpness:
      return std::max(0.1, 1.0 + sign * (share * 0.9));
    case Operation::kShearX:
    case Operation::kShearY:
      return sign * (share * 0.3);
    case Operation::kTranslateX:
    case Operation::kTranslateY:
      return sign * (share * 0.45);
  }
  return 0;
}

std::vector<Distortion> draw_distortions(const RandAugmentOptions& options, Random& random) {
  std::vector<Distortion> drawn;
  for (int layer = 0; layer < options.layers; ++layer) {
    const auto operation = static_cast<Operation>(random.integer(0, kOperations - 1));
    if (random.uniform() >= options.probability) continue;
    const double level = std::clamp(options.magnitude + options.magnitude_std * random.normal(), 0.0, kHighestLevel);
    drawn.push_back({.operation = operation, .argument = operation_argument(operation, level, random.uniform() < 0.5)});
  }
  return drawn;
}

void distort(Image& image, const Distortion& distortion, const std::array<uint8_t, 3>& fill) {
  const auto whole = static_cast<int>(distortion.argument);
  const auto factor = static_cast<float>(distortion.argument);
  switch (distortion.operation) {
    case Operation::kAutoContrast:
      return auto_contrast(image);
    case Operation::kEqualize:
      return equalize(image);
    case Operation::kInvert:
      return invert(image);
    case Operation::kPosterize:
      return posterize(image, whole);
    case Operation::kSolarize:
      return solarize(image, whole);
    case Operation::kSolarizeAdd:
      return solarize_add(image, whole);
    case Operation::kColor:
      return enhance_color(image, factor);
    case Operation::kContrast:
      return enhance_contrast(image, factor);
    case Operation::kBrightness:
      return enhance_brightness(image, factor);
    case Operation::kSharpness:
      return enhance_sharpness(image, factor);
    default:
      image = transform(image, map_of(distortion, image), distortion.filter, fill);
  }
}

}  // namespace camsweep

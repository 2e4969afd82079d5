#include "workers/data/augmentation.h"

#include <algorithm>
#include <cmath>

namespace camsweep {
namespace {

constexpr double kLeastArea = 0.08;
constexpr double kLeastAspect = 3.0 / 4.0;
constexpr double kLargestAspect = 4.0 / 3.0;
constexpr int kTries = 10;

Crop central_crop(int width, int height) {
  const double aspect = static_cast<double>(width) / height;
  Crop crop{.x = 0, .y = 0, .width = width, .height = height};
  if (aspect < kLeastAspect) crop.height = static_cast<int>(std::lround(width / kLeastAspect));
  if (aspect > kLargestAspect) crop.width = static_cast<int>(std::lround(height * kLargestAspect));
  crop.x = (width - crop.width) / 2;
  crop.y = (height - crop.height) / 2;
  return crop;
}

}  // namespace

Crop random_resized_crop(int width, int height, Random& random) {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double area = random.uniform(kLeastArea, 1.0) * width * height;
    const double aspect = std::exp(random.uniform(std::log(kLeastAspect), std::log(kLargestAspect)));
    const int w = static_cast<int>(std::lround(std::sqrt(area * aspect)));
    const int h = static_cast<int>(std::lround(std::sqrt(area / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int x = static_cast<int>(random.integer(0, width - w));
    const int y = static_cast<int>(random.integer(0, height - h));
    return {.x = x, .y = y, .width = w, .height = h};
  }
  return central_crop(width, height);
}

void flip_horizontally(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = image.rgb.data() + size_t{3} * image.width * y;
    for (int left = 0, right = image.width - 1; left < right; ++left, --right) {
      std::swap_ranges(row + 3 * left, row + 3 * left + 3, row + 3 * right);
    }
  }
}

Image augment(const Image& image, int side, Random& random) {
  Image crop = resize(image, random_resized_crop(image.width, image.height, random), side, side, Filter::kBicubic);
  if (random.uniform() < 0.5) flip_horizontally(crop);
  return crop;
}

Image warp(const Image& image, int side) { return resize(image, side, side, Filter::kBilinear); }

}  // namespace camsweep

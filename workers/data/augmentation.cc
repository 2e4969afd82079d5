#include "workers/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schemas/error.h"
#include "workers/data/image_operations.h"

namespace camsweep {
namespace {

constexpr double kLeastAspect = 3.0 / 4.0;
constexpr double kLargestAspect = 4.0 / 3.0;
constexpr int kTries = 10;

// As Python's round(): halves to even.
int rounded(double value) { return static_cast<int>(std::nearbyint(value)); }

Crop central_crop(int width, int height) {
  const double aspect = static_cast<double>(width) / height;
  Crop crop{.x = 0, .y = 0, .width = width, .height = height};
  if (aspect < kLeastAspect) crop.height = rounded(width / kLeastAspect);
  if (aspect > kLargestAspect) crop.width = rounded(height * kLargestAspect);
  crop.x = (width - crop.width) / 2;
  crop.y = (height - crop.height) / 2;
  return crop;
}

Filter draw_filter(Augmentation::Interpolation interpolation, Random& random) {
  if (interpolation == Augmentation::Interpolation::kBilinear) return Filter::kBilinear;
  if (interpolation == Augmentation::Interpolation::kBicubic) return Filter::kBicubic;
  return random.uniform() < 0.5 ? Filter::kBilinear : Filter::kBicubic;
}

// wsolevaluation warps to 256 for a side of 224.
Image random_crop_of_warped(const Image& image, int side, Filter filter, Random& random) {
  const int larger = side * 256 / 224;
  const Image warped = resize(image, larger, larger, filter);
  const auto offset = [&] { return static_cast<int>(random.integer(0, larger - side)); };
  const int x = offset();
  const int y = offset();
  return resize(warped, {.x = x, .y = y, .width = side, .height = side}, side, side, filter);
}

Image crop_image(const Image& image, int side, const Augmentation& augmentation, Random& random) {
  const Filter filter = draw_filter(augmentation.interpolation, random);
  switch (augmentation.crop) {
    case Augmentation::CropKind::kWarp:
      return resize(image, side, side, filter);
    case Augmentation::CropKind::kRandomResized:
      return resize(image, random_resized_crop(image.width, image.height, augmentation.least_area, random), side, side,
                    filter);
    case Augmentation::CropKind::kRandom:
      return random_crop_of_warped(image, side, filter, random);
    default:
      return center_crop(image, side, filter);
  }
}

void jitter(Image& image, double strength, Random& random) {
  using Enhance = void (*)(Image&, float);
  std::array<Enhance, 3> operations = {enhance_brightness, enhance_contrast, enhance_color};
  for (size_t i = operations.size(); i > 1; --i) {
    std::swap(operations[i - 1], operations[static_cast<size_t>(random.integer(0, static_cast<int64_t>(i) - 1))]);
  }
  for (const Enhance enhance : operations) {
    enhance(image, static_cast<float>(random.uniform(std::max(0.0, 1 - strength), 1 + strength)));
  }
}

std::array<uint8_t, 3> mean_colour(const Normalization& normalization) {
  std::array<uint8_t, 3> colour{};
  for (size_t c = 0; c < 3; ++c)
    colour[c] = static_cast<uint8_t>(std::clamp(rounded(255.0 * normalization.mean[c]), 0, 255));
  return colour;
}

// What follows the crop, in place.
void flip_and_distort(Image& seen, const Augmentation& augmentation, const Normalization& normalization,
                      Random& random) {
  if (augmentation.flip > 0 && random.uniform() < augmentation.flip) flip_horizontally(seen);
  if (augmentation.rand_augment) {
    for (Distortion& distortion : draw_distortions(*augmentation.rand_augment, random)) {
      distortion.filter = draw_filter(augmentation.interpolation, random);
      distort(seen, distortion, mean_colour(normalization));
    }
  }
  if (augmentation.color_jitter > 0) jitter(seen, augmentation.color_jitter, random);
}

void hide(float* planes, int side, const Augmentation::Hiding& hiding, Random& random) {
  const auto last = static_cast<int64_t>(hiding.sides.size()) - 1;
  const int cell = hiding.sides[static_cast<size_t>(random.integer(0, last))];
  if (cell == 0) return;
  for (int top = 0; top < side; top += cell) {
    for (int left = 0; left < side; left += cell) {
      if (random.uniform() >= hiding.probability) continue;
      for (int c = 0; c < 3; ++c) {
        for (int y = top; y < std::min(top + cell, side); ++y) {
          float* row = planes + (static_cast<ptrdiff_t>(c) * side + y) * side;
          std::fill(row + left, row + std::min(left + cell, side), 0.0F);
        }
      }
    }
  }
}

}  // namespace

Crop random_resized_crop(int width, int height, double least_area, Random& random) {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double area = random.uniform(least_area, 1.0) * width * height;
    const double aspect = std::exp(random.uniform(std::log(kLeastAspect), std::log(kLargestAspect)));
    const int w = rounded(std::sqrt(area * aspect));
    const int h = rounded(std::sqrt(area / aspect));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int x = static_cast<int>(random.integer(0, width - w));
    const int y = static_cast<int>(random.integer(0, height - h));
    return {.x = x, .y = y, .width = w, .height = h};
  }
  return central_crop(width, height);
}

Image center_crop(const Image& image, int side, Filter filter) {
  const int shorter = static_cast<int>(side / 0.875);
  const auto longer = [&](int of, int least) {
    return static_cast<int>(static_cast<double>(static_cast<int64_t>(shorter) * of) / least);
  };
  const bool upright = image.width <= image.height;
  const int width = upright ? shorter : longer(image.width, image.height);
  const int height = upright ? longer(image.height, image.width) : shorter;
  check_pixel_count(width, height);
  const Image resized = resize(image, width, height, filter);
  const Crop middle{
      .x = rounded((width - side) / 2.0), .y = rounded((height - side) / 2.0), .width = side, .height = side};
  return resize(resized, middle, side, side, filter);
}

void flip_horizontally(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = image.rgb.data() + size_t{3} * image.width * y;
    for (int left = 0, right = image.width - 1; left < right; ++left, --right) {
      std::swap_ranges(row + 3 * left, row + 3 * left + 3, row + 3 * right);
    }
  }
}

Image augment(const Image& image, int side, const Augmentation& augmentation, const Normalization& normalization,
              Random& random) {
  Image seen = crop_image(image, side, augmentation, random);
  flip_and_distort(seen, augmentation, normalization, random);
  return seen;
}

Image augment(const ReadCrop& read, int side, const Augmentation& augmentation, const Normalization& normalization,
              Random& random) {
  CAMSWEEP_CHECK(augmentation.crop == Augmentation::CropKind::kRandomResized, "other crops see the whole picture");
  const Filter filter = draw_filter(augmentation.interpolation, random);
  const Image part = read(
      [&](ImageSize size) { return random_resized_crop(size.width, size.height, augmentation.least_area, random); });
  Image seen = resize(part, side, side, filter);
  flip_and_distort(seen, augmentation, normalization, random);
  return seen;
}

std::optional<Crop> draw_erased(int side, double probability, Random& random) {
  if (random.uniform() >= probability) return std::nullopt;
  const double log_aspect = std::log(1 / 0.3);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double area = random.uniform(0.02, 1.0 / 3) * side * side;
    const double aspect = std::exp(random.uniform(-log_aspect, log_aspect));
    const int h = rounded(std::sqrt(area * aspect));
    const int w = rounded(std::sqrt(area / aspect));
    if (w >= side || h >= side) continue;
    const int y = static_cast<int>(random.integer(0, side - h));
    const int x = static_cast<int>(random.integer(0, side - w));
    return Crop{.x = x, .y = y, .width = w, .height = h};
  }
  return std::nullopt;
}

void erase_and_hide(float* planes, int side, const Augmentation& augmentation, Random& random) {
  if (augmentation.erasing > 0) {
    const std::optional<Crop> erased = draw_erased(side, augmentation.erasing, random);
    for (int c = 0; erased && c < 3; ++c) {
      for (int y = erased->y; y < erased->y + erased->height; ++y) {
        float* row = planes + (static_cast<ptrdiff_t>(c) * side + y) * side + erased->x;
        for (int x = 0; x < erased->width; ++x) row[x] = static_cast<float>(random.normal());
      }
    }
  }
  if (augmentation.hiding) hide(planes, side, *augmentation.hiding, random);
}

Image warp(const Image& image, int side) { return resize(image, side, side, Filter::kBilinear); }

void normalize_into(const Image& image, const Normalization& normalization, float* planes) {
  const size_t area = static_cast<size_t>(image.width) * image.height;
  for (size_t c = 0; c < 3; ++c) {
    std::array<float, 256> values;
    for (size_t v = 0; v < values.size(); ++v) {
      values[v] = (static_cast<float>(v) / 255.0f - normalization.mean[c]) / normalization.std[c];
    }
    float* plane = planes + c * area;
    for (size_t i = 0; i < area; ++i) plane[i] = values[image.rgb[3 * i + c]];
  }
}

}  // namespace camsweep

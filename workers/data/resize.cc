#include "workers/data/resize.h"

#include <algorithm>
#include <cmath>

#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr int kPrecisionBits = 22;  // of the fixed-point weights
constexpr int kChannels = 3;

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// Keys' cubic convolution kernel with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The source samples that one output sample is a weighted sum of: `count` from `first` on.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

std::vector<Taps> make_taps(int in, int out, Filter filter) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);
  const double support = stretch * (filter == Filter::kBilinear ? 1.0 : 2.0);
  const auto kernel = filter == Filter::kBilinear ? triangle : cubic;
  std::vector<Taps> all(static_cast<size_t>(out));
  std::vector<double> weights;
  for (int x = 0; x < out; ++x) {
    const double centre = (x + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(centre - support + 0.5));
    const int high = std::min(in, static_cast<int>(centre + support + 0.5));
    weights.clear();
    double sum = 0;
    for (int i = low; i < high; ++i) {
      weights.push_back(kernel((i - centre + 0.5) * (1.0 / stretch)));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<size_t>(x)];
    taps.first = low;
    for (const double weight : weights) {
      const double scaled = (sum != 0 ? weight * (1.0 / sum) : weight) * (1 << kPrecisionBits);
      taps.weights.push_back(static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
    }
  }
  return all;
}

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

// A view of the pixels a pass reads.
struct Source {
  const uint8_t* pixels;
  size_t stride;  // bytes from row to row
  int width;
  int height;
};

Image horizontal_pass(const Source& source, int width, Filter filter) {
  const std::vector<Taps> taps = make_taps(source.width, width, filter);
  Image out{.width = width, .height = source.height, .rgb = {}};
  out.rgb.resize(size_t{kChannels} * width * source.height);
  uint8_t* to = out.rgb.data();
  for (int y = 0; y < source.height; ++y) {
    const uint8_t* row = source.pixels + source.stride * y;
    for (const Taps& tap : taps) {
      int32_t sum[kChannels] = {1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1)};
      const uint8_t* from = row + size_t{kChannels} * tap.first;
      for (const int32_t weight : tap.weights) {
        for (int c = 0; c < kChannels; ++c) sum[c] += weight * *from++;
      }
      for (int c = 0; c < kChannels; ++c) *to++ = rounded(sum[c]);
    }
  }
  return out;
}

Image vertical_pass(const Source& source, int height, Filter filter) {
  const std::vector<Taps> taps = make_taps(source.height, height, filter);
  const size_t row_bytes = size_t{kChannels} * source.width;
  Image out{.width = source.width, .height = height, .rgb = {}};
  out.rgb.resize(row_bytes * height);
  std::vector<int32_t> sums(row_bytes);
  for (int y = 0; y < height; ++y) {
    const Taps& tap = taps[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
    for (size_t k = 0; k < tap.weights.size(); ++k) {
      const uint8_t* from = source.pixels + source.stride * (tap.first + k);
      const int32_t weight = tap.weights[k];
      for (size_t i = 0; i < row_bytes; ++i) sums[i] += weight * from[i];
    }
    std::transform(sums.begin(), sums.end(), out.rgb.begin() + static_cast<ptrdiff_t>(row_bytes) * y, rounded);
  }
  return out;
}

Source whole(const Image& image) {
  return {image.rgb.data(), size_t{kChannels} * image.width, image.width, image.height};
}

Image copy(const Source& source) {
  Image out{.width = source.width, .height = source.height, .rgb = {}};
  const size_t row_bytes = size_t{kChannels} * source.width;
  for (int y = 0; y < source.height; ++y) {
    const uint8_t* row = source.pixels + source.stride * y;
    out.rgb.insert(out.rgb.end(), row, row + row_bytes);
  }
  return out;
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  return resize(image, {.x = 0, .y = 0, .width = image.width, .height = image.height}, width, height, filter);
}

// An axis that keeps its size has no pass.
Image resize(const Image& image, const Crop& crop, int width, int height, Filter filter) {
  CAMSWEEP_CHECK(crop.x >= 0 && crop.y >= 0 && crop.width > 0 && crop.height > 0 &&
                     crop.x + crop.width <= image.width && crop.y + crop.height <= image.height,
                 "a crop lies inside its image");
  const size_t stride = size_t{kChannels} * image.width;
  const Source source{image.rgb.data() + stride * crop.y + size_t{kChannels} * crop.x, stride, crop.width, crop.height};
  if (crop.width == width) return crop.height == height ? copy(source) : vertical_pass(source, height, filter);
  Image wide = horizontal_pass(source, width, filter);
  return crop.height == height ? wide : vertical_pass(whole(wide), height, filter);
}

}  // namespace camsweep

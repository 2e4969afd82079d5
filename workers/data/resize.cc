#include "workers/data/resize.h"

#include <algorithm>
#include <cmath>

#include "schemas/error.h"
#include "workers/data/resize_kernels.h"

namespace camsweep {
namespace {

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

// Weights of one output sample, from source sample `first` on.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

Taps make_taps(int x, int in, double scale, Filter filter) {
  const double stretch = std::max(scale, 1.0);
  const double support = stretch * (filter == Filter::kBilinear ? 1.0 : 2.0);
  const auto kernel = filter == Filter::kBilinear ? triangle : cubic;
  const double centre = (x + 0.5) * scale;
  Taps taps{.first = std::max(0, static_cast<int>(centre - support + 0.5)), .weights = {}};
  const int end = std::min(in, static_cast<int>(centre + support + 0.5));
  std::vector<double> weights;
  double sum = 0;
  for (int i = taps.first; i < end; ++i) {
    weights.push_back(kernel((i - centre + 0.5) * (1.0 / stretch)));
    sum += weights.back();
  }
  for (const double weight : weights) {
    const double scaled = (sum != 0 ? weight * (1.0 / sum) : weight) * (1 << kResizeBits);
    taps.weights.push_back(static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
  }
  return taps;
}

AxisWeights make_axis(int in, int out, Filter filter) {
  std::vector<Taps> all;
  AxisWeights axis;
  for (int x = 0; x < out; ++x) {
    all.push_back(make_taps(x, in, static_cast<double>(in) / out, filter));
    axis.taps = std::max(axis.taps, all.back().weights.size());
  }
  axis.taps = (axis.taps + 3) / 4 * 4;
  for (Taps& taps : all) {
    taps.weights.resize(axis.taps);
    axis.first.push_back(taps.first);
    axis.weights.insert(axis.weights.end(), taps.weights.begin(), taps.weights.end());
  }
  split_weights(axis);
  return axis;
}

// A view of the pixels a pass reads.
struct Source {
  const uint8_t* pixels;
  size_t stride;  // bytes from row to row
  int width;
  int height;

  const uint8_t* row(int y) const { return pixels + stride * std::min(y, height - 1); }
};

// Rows are copied to where what the kernels read beyond them is ours, too.
Image horizontal_pass(const Source& source, int width, Filter filter) {
  const AxisWeights axis = make_axis(source.width, width, filter);
  const ResizeKernels& kernels = resize_kernels();
  Image out{.width = width, .height = source.height, .rgb = {}};
  const size_t row_bytes = size_t{kChannels} * source.width;
  const size_t out_bytes = size_t{kChannels} * width;
  out.rgb.resize(out_bytes * source.height);
  std::vector<uint8_t> copies[2];
  for (std::vector<uint8_t>& copy : copies) copy.resize(row_bytes + kChannels * axis.taps + 16);
  for (int y = 0; y < source.height; y += 2) {
    const int second = std::min(y + 1, source.height - 1);
    std::copy_n(source.row(y), row_bytes, copies[0].data());
    std::copy_n(source.row(second), row_bytes, copies[1].data());
    const uint8_t* rows[] = {copies[0].data(), copies[1].data()};
    uint8_t* outs[] = {out.rgb.data() + out_bytes * y, out.rgb.data() + out_bytes * second};
    kernels.horizontal(rows, axis, outs);
  }
  return out;
}

Image vertical_pass(const Source& source, int height, Filter filter) {
  const AxisWeights axis = make_axis(source.height, height, filter);
  const ResizeKernels& kernels = resize_kernels();
  const size_t row_bytes = size_t{kChannels} * source.width;
  Image out{.width = source.width, .height = height, .rgb = {}};
  out.rgb.resize(row_bytes * height);
  std::vector<const uint8_t*> rows(axis.taps);
  for (size_t y = 0; y < axis.size(); ++y) {
    for (size_t k = 0; k < axis.taps; ++k) rows[k] = source.row(axis.first[y] + static_cast<int>(k));
    kernels.vertical(rows.data(), axis, y, row_bytes, out.rgb.data() + row_bytes * y);
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

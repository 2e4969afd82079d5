#include "workers/data/affine.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numbers>
#include <vector>

#include "schemas/vector_clones.h"

namespace camsweep {
namespace {

// Python's round(value, 15).
double rounded_15(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15f", value);
  return std::strtod(text, nullptr);
}

// Three channels, and one that is not used, side by side.
constexpr size_t kLanes = 4;
using Integers = int32_t __attribute__((vector_size(kLanes * sizeof(int32_t))));
using Values = double __attribute__((vector_size(kLanes * sizeof(double))));

// The image in four integers a pixel: what one instruction turns into doubles.
std::vector<int32_t> spread(const Image& image) {
  std::vector<int32_t> lanes(image.rgb.size() / 3 * kLanes);
  for (size_t i = 0; i < image.rgb.size() / 3; ++i) std::copy_n(image.rgb.data() + 3 * i, 3, lanes.data() + kLanes * i);
  return lanes;
}

struct Source {
  const int32_t* pixels;
  int width;
  int height;

  // Rows and columns beyond the border repeat the nearest.
  const int32_t* at(int x, int y) const {
    return pixels + (static_cast<size_t>(std::clamp(y, 0, height - 1)) * static_cast<size_t>(width) +
                     static_cast<size_t>(std::clamp(x, 0, width - 1))) *
                        kLanes;
  }
  bool contains(double x, double y) const { return x >= 0 && x < width && y >= 0 && y < height; }
};

[[gnu::always_inline]] inline void load(const int32_t* pixel, Values& values) {
  Integers integers;
  std::memcpy(&integers, pixel, sizeof integers);
  values = __builtin_convertvector(integers, Values);
}

// The cubic through v[1] and v[2] at `d` of the way, with slopes of the kernel with a = -1.
[[gnu::always_inline]] inline void cubic(const Values (&v)[4], double d, Values& out) {
  out = v[1] + d * ((v[2] - v[0]) + d * ((2 * (v[0] - v[1]) + v[2] - v[3]) + d * (-v[0] + v[1] - v[2] + v[3])));
}

// The four by four pixels around a point: near the border their columns are repeated into `border`.
struct Window {
  const int32_t* rows[4];
  int32_t border[4][4 * kLanes];
};

[[gnu::always_inline]] inline void look(const Source& source, int x, int y, Window& window) {
  const bool inside = x >= 1 && x + 2 < source.width && y >= 1 && y + 2 < source.height;
  for (int j = 0; j < 4; ++j) {
    if (inside) {
      window.rows[j] = source.pixels + (static_cast<size_t>(y - 1 + j) * source.width + x - 1) * kLanes;
      continue;
    }
    for (int i = 0; i < 4; ++i)
      std::memcpy(window.border[j] + i * kLanes, source.at(x - 1 + i, y - 1 + j), kLanes * sizeof(int32_t));
    window.rows[j] = window.border[j];
  }
}

// Along one axis first, then the other. Shears and translations along an axis leave the other's offset at zero, where
// the polynomials are their first coefficient, exactly: then one of the two is skipped.
[[gnu::always_inline]] inline void bicubic(const Source& source, int x, int y, double dx, double dy, Values& out) {
  Window window;
  look(source, x, y, window);
  Values rows[4];
  Values taps[4];
  for (size_t j = 0; j < 4; ++j) {
    if (dx == 0) {
      load(window.rows[j] + kLanes, rows[j]);
      continue;
    }
    if (dy == 0 && j != 1) continue;
    for (size_t i = 0; i < 4; ++i) load(window.rows[j] + kLanes * i, taps[i]);
    cubic(taps, dx, rows[j]);
  }
  if (dy == 0) {
    out = rows[1];
  } else {
    cubic(rows, dy, out);
  }
}

[[gnu::always_inline]] inline void bilinear(const Source& source, int x, int y, double dx, double dy, Values& out) {
  Values rows[2];
  for (int j = 0; j < 2; ++j) {
    Values left, right;
    load(source.at(x, y + j), left);
    load(source.at(x + 1, y + j), right);
    rows[j] = left + (right - left) * dx;
  }
  out = rows[0] + (rows[1] - rows[0]) * dy;
}

// No fused products: they would round once less than Pillow does.
CAMSWEEP_VECTOR_CLONES("avx2")
void transform_row(const Source& source, const AffineMap& map, int row, Filter filter, const uint8_t* fill,
                   uint8_t* to) {
  for (int column = 0; column < source.width; ++column, to += 3) {
    const double x = map.a * (column + 0.5) + map.b * (row + 0.5) + map.c;
    const double y = map.d * (column + 0.5) + map.e * (row + 0.5) + map.f;
    if (!source.contains(x, y)) {
      std::copy_n(fill, 3, to);
      continue;
    }
    const int left = static_cast<int>(std::floor(x - 0.5));
    const int top = static_cast<int>(std::floor(y - 0.5));
    Values value;
    if (filter == Filter::kBicubic) {
      bicubic(source, left, top, x - 0.5 - left, y - 0.5 - top, value);
    } else {
      bilinear(source, left, top, x - 0.5 - left, y - 0.5 - top, value);
    }
    for (size_t c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>(std::clamp(value[c], 0.0, 255.0));
  }
}

}  // namespace

AffineMap rotation(double degrees, int width, int height) {
  double turn = std::fmod(degrees, 360);  // as Python: never negative
  if (turn < 0) turn += 360;
  const double angle = -(turn * (std::numbers::pi / 180));
  AffineMap map{.a = rounded_15(std::cos(angle)), .b = rounded_15(std::sin(angle))};
  map.d = rounded_15(-std::sin(angle));
  map.e = map.a;
  const double x = width / 2.0;
  const double y = height / 2.0;
  map.c = map.a * -x + map.b * -y + x;
  map.f = map.d * -x + map.e * -y + y;
  return map;
}

Image transform(const Image& image, const AffineMap& map, Filter filter, const std::array<uint8_t, 3>& fill) {
  Image out{.width = image.width, .height = image.height, .rgb = {}};
  out.rgb.resize(image.rgb.size());
  const std::vector<int32_t> lanes = spread(image);
  const Source source{lanes.data(), image.width, image.height};
  for (int row = 0; row < image.height; ++row) {
    transform_row(source, map, row, filter, fill.data(), out.rgb.data() + size_t{3} * image.width * row);
  }
  return out;
}

}  // namespace camsweep

#include "workers/data/cutout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "schemas/error.h"
#include "workers/data/resize.h"

namespace camsweep {
namespace {

constexpr uint8_t kHalf = 127;  // opaque, covered: above
constexpr double kLeastCover = 0.08;
constexpr double kMostCover = 0.5;
constexpr double kMostAngle = 20 * std::numbers::pi / 180;
constexpr double kMargin = 1;  // px: resampling spreads an edge

// The four premultiplied values between pixels; transparent outside.
std::array<double, 4> sample(const Image& colour, const Image& alpha, double x, double y) {
  const int left = static_cast<int>(std::floor(x));
  const int top = static_cast<int>(std::floor(y));
  std::array<double, 4> sum{};
  for (int j = top; j <= top + 1; ++j) {
    for (int i = left; i <= left + 1; ++i) {
      if (i < 0 || j < 0 || i >= colour.width || j >= colour.height) continue;
      const double weight = (1 - std::abs(x - i)) * (1 - std::abs(y - j));
      const size_t at = size_t{3} * (static_cast<size_t>(j) * colour.width + i);
      for (size_t c = 0; c < 3; ++c) sum[c] += weight * colour.rgb[at + c];
      sum[3] += weight * alpha.rgb[at];
    }
  }
  return sum;
}

uint8_t rounded(double value) { return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)); }

}  // namespace

Cutout::Cutout(const AlphaImage& image)
    : colour_{.width = image.width, .height = image.height, .rgb = {}},
      alpha_{.width = image.width, .height = image.height, .rgb = {}} {
  const double centre_x = image.width / 2.0;
  const double centre_y = image.height / 2.0;
  for (int y = 0; y < image.height; ++y) {
    int first = image.width;
    int last = -1;
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* pixel = image.rgba.data() + size_t{4} * (static_cast<size_t>(y) * image.width + x);
      for (int c = 0; c < 3; ++c) {
        colour_.rgb.push_back(static_cast<uint8_t>((pixel[c] * pixel[3] + kHalf) / 255));
        alpha_.rgb.push_back(pixel[3]);
      }
      if (pixel[3] <= kHalf) continue;
      ++opaque_;
      first = std::min(first, x);
      last = x;
    }
    if (last < 0) continue;
    for (const int edge : {y, y + 1}) {
      outline_.push_back({first - centre_x, edge - centre_y});
      outline_.push_back({last + 1 - centre_x, edge - centre_y});
    }
  }
}

Cutout::Extent Cutout::extent(double angle_rad, bool mirrored) const {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const double cosine = std::cos(angle_rad);
  const double sine = std::sin(angle_rad);
  Extent extent{kFar, kFar, -kFar, -kFar};
  for (const Point& point : outline_) {
    const double u = mirrored ? -point.x : point.x;
    const double x = cosine * u - sine * point.y;
    const double y = sine * u + cosine * point.y;
    extent = {std::min(extent.left, x), std::min(extent.top, y), std::max(extent.right, x), std::max(extent.bottom, y)};
  }
  return extent;
}

Pose Cutout::random_pose(int side, Random& random) const {
  CAMSWEEP_CHECK(opaque_ > 0, "a cut-out shows something");
  Pose pose;
  pose.angle_rad = random.uniform(-kMostAngle, kMostAngle);
  pose.mirrored = random.uniform() < 0.5;
  const Extent shape = extent(pose.angle_rad, pose.mirrored);
  const double room = side - 2 * kMargin;
  const double largest = room / std::max(shape.right - shape.left, shape.bottom - shape.top);
  const double picture = static_cast<double>(side) * side;
  const double fits = static_cast<double>(opaque_) * largest * largest / picture;
  const double cover = random.uniform(std::min(kLeastCover, fits / 2), std::min(kMostCover, fits));
  pose.scale = std::sqrt(cover * picture / static_cast<double>(opaque_));
  pose.x = random.uniform(kMargin - pose.scale * shape.left, side - kMargin - pose.scale * shape.right);
  pose.y = random.uniform(kMargin - pose.scale * shape.top, side - kMargin - pose.scale * shape.bottom);
  return pose;
}

GrayImage Cutout::paint(const Pose& pose, Image& picture) const {
  const auto scaled = [&pose](int length) { return std::max(1, static_cast<int>(std::lround(length * pose.scale))); };
  const Image colour = resize(colour_, scaled(colour_.width), scaled(colour_.height), Filter::kBilinear);
  const Image alpha = resize(alpha_, colour.width, colour.height, Filter::kBilinear);
  const double cosine = std::cos(pose.angle_rad);
  const double sine = std::sin(pose.angle_rad);
  GrayImage coverage{.width = picture.width, .height = picture.height, .gray = {}};
  coverage.gray.reserve(size_t{1} * picture.width * picture.height);
  uint8_t* pixel = picture.rgb.data();
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x, pixel += 3) {
      const double dx = x + 0.5 - pose.x;
      const double dy = y + 0.5 - pose.y;
      const double u = cosine * dx + sine * dy;
      const double v = cosine * dy - sine * dx;
      const auto over =
          sample(colour, alpha, (pose.mirrored ? -u : u) + colour.width / 2.0 - 0.5, v + colour.height / 2.0 - 0.5);
      for (size_t c = 0; c < 3; ++c) pixel[c] = rounded(over[c] + (1 - over[3] / 255) * pixel[c]);
      coverage.gray.push_back(rounded(over[3]));
    }
  }
  return coverage;
}

Box tight_box(const GrayImage& coverage) {
  Box box{coverage.width, coverage.height, 0, 0};
  for (int y = 0; y < coverage.height; ++y) {
    for (int x = 0; x < coverage.width; ++x) {
      if (coverage.gray[static_cast<size_t>(y) * coverage.width + x] <= kHalf) continue;
      box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x), std::max(box.y1, y)};
    }
  }
  return box;
}

GrayImage mask_of(const GrayImage& coverage) {
  GrayImage mask = coverage;
  for (uint8_t& value : mask.gray) value = value > kHalf ? 255 : 0;
  return mask;
}

}  // namespace camsweep

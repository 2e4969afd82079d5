#include "workers/analysis/signals.h"

#include <algorithm>
#include <cmath>

#include "workers/localization/colour_map.h"
#include "workers/localization/map_resize.h"

namespace camsweep {
namespace {

constexpr int kWidth = 400, kHeight = 90, kMargin = 8;  // pixels
constexpr int kHalfThickness = 1;
constexpr Colour kGround = {32, 32, 40}, kSegment = {84, 84, 100};

// At a place between samples.
double at(const std::vector<double>& values, double place) {
  const auto below = std::min(static_cast<size_t>(place), values.size() - 1);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

void paint(Image& image, int x, int first, int last, Colour colour) {
  for (int y = std::max(0, first); y <= std::min(image.height - 1, last); ++y) {
    std::copy(colour.begin(), colour.end(), image.rgb.begin() + 3 * (std::ptrdiff_t{y} * image.width + x));
  }
}

}  // namespace

std::vector<double> raise_along(const std::vector<double>& map, int length) {
  return resize_map({static_cast<int>(map.size()), 1, map}, length, 1, MapFilter::kBilinear).values;
}

std::optional<SegmentScore> score_segment(const std::vector<double>& map, const Segment& truth) {
  const auto peak = std::max_element(map.begin(), map.end());
  if (peak == map.end() || !(*peak > 0)) return std::nullopt;
  int common = 0, either = 0;
  for (int t = 0; t < static_cast<int>(map.size()); ++t) {
    const bool found = map[static_cast<size_t>(t)] > 0.5 * *peak;
    const bool inside = t >= truth.first && t <= truth.last;
    common += found && inside;
    either += found || inside;
  }
  const auto place = static_cast<int>(peak - map.begin());
  return SegmentScore{static_cast<double>(common) / either, place >= truth.first && place <= truth.last};
}

Image draw_signal(const SignalExample& example) {
  const std::vector<double>& signal = example.signal;
  const auto [low, high] = std::minmax_element(signal.begin(), signal.end());
  const double range = std::max(*high - *low, 1e-9);
  const std::vector<double> shares = min_max(ScoreMap{1, static_cast<int>(example.map.size()), example.map}).map.values;
  Image image{kWidth, kHeight, std::vector<uint8_t>(size_t{3} * kWidth * kHeight, 255)};
  const auto height_of = [&](double place) {
    return kHeight - 1 - kMargin -
           static_cast<int>(std::lround((at(signal, place) - *low) / range * (kHeight - 1 - 2 * kMargin)));
  };
  int before = height_of(0);
  for (int x = 1; x + 1 < kWidth; ++x) {
    const double place = static_cast<double>(x) / (kWidth - 1) * static_cast<double>(signal.size() - 1);
    const bool inside = example.truth && place >= example.truth->first && place <= example.truth->last;
    paint(image, x, 1, kHeight - 2, inside ? kSegment : kGround);
    const int here = height_of(place);
    paint(image, x, std::min(before, here) - kHalfThickness, std::max(before, here) + kHalfThickness,
          viridis(at(shares, place)));
    before = here;
  }
  return image;
}

}  // namespace camsweep

#include "workers/localization/colour_map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schemas/error.h"
#include "workers/data/resize.h"
#include "workers/localization/contours.h"
#include "workers/localization/map_resize.h"

namespace camsweep {
namespace {

constexpr Colour kGreen = {0, 230, 64};
constexpr Colour kRed = {255, 32, 32};
constexpr double kMapShare = 0.55;

// Viridis at 0, 1/8, ..., 1.
constexpr std::array<Colour, 9> kStops = {{{68, 1, 84},
                                           {71, 44, 122},
                                           {59, 81, 139},
                                           {44, 113, 142},
                                           {33, 144, 141},
                                           {39, 173, 129},
                                           {92, 200, 99},
                                           {170, 220, 50},
                                           {253, 231, 37}}};

uint8_t mix(double a, double b, double share) { return static_cast<uint8_t>(std::lround(a + (b - a) * share)); }

void put(Image& image, int y, int x, Colour colour) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  std::copy(colour.begin(), colour.end(), image.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(y) * image.width + x));
}

}  // namespace

Colour viridis(double value) {
  const double position = std::clamp(value, 0.0, 1.0) * (kStops.size() - 1);
  const auto below = std::min(static_cast<size_t>(position), kStops.size() - 2);
  Colour colour;
  for (size_t k = 0; k < 3; ++k) {
    colour[k] = mix(kStops[below][k], kStops[below + 1][k], position - static_cast<double>(below));
  }
  return colour;
}

Image heat_map(const ScoreMap& map) {
  Image image{map.width, map.height, {}};
  image.rgb.reserve(3 * map.values.size());
  for (const double value : map.values) {
    const Colour colour = viridis(value);
    image.rgb.insert(image.rgb.end(), colour.begin(), colour.end());
  }
  return image;
}

void draw_box(Image& image, const Box& box, Colour colour) {
  constexpr int kThickness = 2;
  for (int i = 0; i < kThickness; ++i) {
    for (int x = box.x0; x <= box.x1; ++x) put(image, box.y0 + i, x, colour), put(image, box.y1 - i, x, colour);
    for (int y = box.y0; y <= box.y1; ++y) put(image, y, box.x0 + i, colour), put(image, y, box.x1 - i, colour);
  }
}

Image overlay(const Image& image, const ScoreMap& map, const std::vector<Box>& truths, double tau, int side) {
  const FrameSize frame = {std::max(side, map.width), std::max(side, map.height)};
  const Image input = resize(image, frame.width, frame.height, Filter::kBilinear);
  const LevelMap levels = quantize(map);
  const Box predicted = largest_contour_box(levels, threshold_level(tau, levels.max()));
  Image blended = heat_map(resize_map(map, frame.height, frame.width, MapFilter::kBilinear));
  for (size_t i = 0; i < blended.rgb.size(); ++i) blended.rgb[i] = mix(input.rgb[i], blended.rgb[i], kMapShare);
  for (const Box& truth : truths) draw_box(blended, scale_box(truth, {image.width, image.height}, frame), kGreen);
  draw_box(blended, scale_box(predicted, {map.width, map.height}, frame), kRed);
  return blended;
}

Image draw_localization(const Image& image, const ScoreMap& map, const std::vector<Box>& truths, double tau, int side) {
  Image drawn = overlay(image, map, truths, tau, side);
  Image input = resize(image, drawn.width, drawn.height, Filter::kBilinear);
  return contact_sheet({{std::move(input), std::move(drawn)}});
}

Image contact_sheet(const std::vector<std::vector<Image>>& rows) {
  size_t columns = 0;
  for (const std::vector<Image>& row : rows) columns = std::max(columns, row.size());
  if (columns == 0) return {};
  const int width = rows.front().front().width, height = rows.front().front().height;
  Image sheet{width * static_cast<int>(columns), height * static_cast<int>(rows.size()), {}};
  const std::ptrdiff_t line = 3 * static_cast<std::ptrdiff_t>(sheet.width);
  sheet.rgb.assign(static_cast<size_t>(line) * static_cast<size_t>(sheet.height), uint8_t{255});
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < rows[r].size(); ++c) {
      const Image& image = rows[r][c];
      CAMSWEEP_CHECK(image.width == width && image.height == height, "a contact sheet's pictures have one size");
      for (int y = 0; y < height; ++y) {
        const auto row_start = static_cast<std::ptrdiff_t>(3) * y * width;
        std::copy_n(image.rgb.begin() + row_start, 3 * width,
                    sheet.rgb.begin() + (static_cast<std::ptrdiff_t>(r) * height + y) * line +
                        3 * static_cast<std::ptrdiff_t>(c) * width);
      }
    }
  }
  return sheet;
}

}  // namespace camsweep

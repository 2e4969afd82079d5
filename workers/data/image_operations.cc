#include "workers/data/image_operations.h"

#include <algorithm>
#include <array>

namespace camsweep {
namespace {

using Table = std::array<uint8_t, 256>;

template <class Value>
Table make_table(const Value& value) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<uint8_t>(std::clamp(value(i), 0, 255));
  return table;
}

void look_up(Image& image, const Table& table) {
  for (uint8_t& value : image.rgb) value = table[value];
}

using Histogram = std::array<int64_t, 256>;

std::array<Histogram, 3> histograms(const Image& image) {
  std::array<Histogram, 3> counts{};
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) ++counts[c][image.rgb[i + c]];
  }
  return counts;
}

// A table for each channel from its histogram.
template <class MakeTable>
void look_up_by_channel(Image& image, const MakeTable& table_of) {
  const std::array<Histogram, 3> counts = histograms(image);
  const std::array<Table, 3> tables = {table_of(counts[0]), table_of(counts[1]), table_of(counts[2])};
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) image.rgb[i + c] = tables[c][image.rgb[i + c]];
  }
}

int first_used(const Histogram& counts) {
  return static_cast<int>(std::find_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; }) - counts.begin());
}

int last_used(const Histogram& counts) {
  return 255 - static_cast<int>(std::find_if(counts.rbegin(), counts.rend(), [](int64_t n) { return n > 0; }) -
                                counts.rbegin());
}

Table identity() {
  return make_table([](int i) { return i; });
}

Table stretching(const Histogram& counts) {
  const int low = first_used(counts);
  const int high = last_used(counts);
  if (high <= low) return identity();
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  return make_table([&](int i) { return static_cast<int>(i * scale + offset); });
}

Table flattening(const Histogram& counts) {
  int64_t pixels = 0;
  for (const int64_t count : counts) pixels += count;
  const int64_t step = (pixels - counts[static_cast<size_t>(last_used(counts))]) / 255;
  if (step == 0) return identity();  // one value alone, too
  int64_t below = step / 2;
  return make_table([&](int i) {
    const int64_t rank = below / step;
    below += counts[static_cast<size_t>(i)];
    return static_cast<int>(rank);
  });
}

// ITU-R 601 luma in 16-bit fixed point.
uint8_t gray_of(const uint8_t* rgb) {
  return static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
}

// In float32 and truncated.
uint8_t blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

Table away_from(int value, float factor) {
  return make_table([&](int i) { return static_cast<int>(blend(value, i, factor)); });
}

}  // namespace

void auto_contrast(Image& image) { look_up_by_channel(image, stretching); }

void equalize(Image& image) { look_up_by_channel(image, flattening); }

void invert(Image& image) {
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(255 - value);
}

void posterize(Image& image, int bits) {
  const auto mask = static_cast<uint8_t>(0xff00 >> bits);
  for (uint8_t& value : image.rgb) value &= mask;
}

void solarize(Image& image, int threshold) {
  look_up(image, make_table([&](int i) { return i < threshold ? i : 255 - i; }));
}

void solarize_add(Image& image, int add) {
  look_up(image, make_table([&](int i) { return i < 128 ? i + add : i; }));
}

void enhance_color(Image& image, float factor) {
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    uint8_t* pixel = image.rgb.data() + i;
    const uint8_t gray = gray_of(pixel);
    for (size_t c = 0; c < 3; ++c) pixel[c] = blend(gray, pixel[c], factor);
  }
}

void enhance_contrast(Image& image, float factor) {
  int64_t sum = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) sum += gray_of(image.rgb.data() + i);
  const double mean = static_cast<double>(sum) / (static_cast<double>(image.width) * image.height);
  look_up(image, away_from(static_cast<int>(mean + 0.5), factor));
}

void enhance_brightness(Image& image, float factor) { look_up(image, away_from(0, factor)); }

// Smoothed by [1 1 1; 1 5 1; 1 1 1] / 13; the outermost pixels stay as they are. Thirteenths never fall on a half, so
// integers round as Pillow's floats do.
void enhance_sharpness(Image& image, float factor) {
  if (image.width < 3 || image.height < 3) return;
  const std::vector<uint8_t> original = image.rgb;
  const size_t stride = size_t{3} * image.width;
  for (size_t y = 1; y + 1 < static_cast<size_t>(image.height); ++y) {
    const uint8_t* row = original.data() + y * stride;
    uint8_t* out = image.rgb.data() + y * stride;
    for (size_t i = 3; i < stride - 3; ++i) {
      int sum = 4 * row[i];
      for (const uint8_t* line : {row - stride, row, row + stride}) sum += line[i - 3] + line[i] + line[i + 3];
      out[i] = blend((2 * sum + 13) / 26, row[i], factor);
    }
  }
}

}  // namespace camsweep

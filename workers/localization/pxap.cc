#include "workers/localization/pxap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "schemas/error.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/map_resize.h"
#include "schemas/vector_clones.h"

namespace camsweep {
namespace {

std::vector<bool> read_mask(const std::filesystem::path& file, int side) {
  const GrayImage mask = read_gray_png(file);
  const std::vector<int> rows = nearest_indices(mask.height, side);
  const std::vector<int> columns = nearest_indices(mask.width, side);
  std::vector<bool> set;
  set.reserve(rows.size() * columns.size());
  for (const int y : rows) {
    for (const int x : columns) {
      set.push_back(mask.gray[static_cast<size_t>(y) * static_cast<size_t>(mask.width) + static_cast<size_t>(x)] > 0);
    }
  }
  return set;
}

void mark(std::vector<PixelLabel>& labels, const std::vector<bool>& mask, PixelLabel label) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (mask[i]) labels[i] = label;
  }
}

}  // namespace

std::vector<PixelLabel> mask_labels(const std::filesystem::path& folder, const Sample& sample, int side) {
  std::vector<PixelLabel> labels(static_cast<size_t>(side) * static_cast<size_t>(side), PixelLabel::kBackground);
  if (!sample.ignore_mask.empty()) mark(labels, read_mask(folder / sample.ignore_mask, side), PixelLabel::kIgnore);
  for (const std::string& mask : sample.masks) mark(labels, read_mask(folder / mask, side), PixelLabel::kForeground);
  return labels;
}

ThresholdBins::ThresholdBins(double step)
    : step_(step), per_unit_(1 / step), last_(static_cast<int64_t>(threshold_grid(step).size())) {}

// The grid's values are multiples of the step. The nearest one has the value's bin, or the next bin if it lies above.
// The low bits of a number of this size are its nearest whole number: no conversion, and all lanes are of 64 bits.
CAMSWEEP_VECTOR_CLONES("avx512f", "avx2")
void ThresholdBins::find(std::span<const double> values, int64_t* bins) const {
  constexpr double kWhole = 0x1.8p52;
  const int64_t inside = last_ - 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    const double nearest = value * per_unit_ + kWhole;
    const double edge = (nearest - kWhole) * step_;
    const int64_t bin = std::bit_cast<int64_t>(nearest) - std::bit_cast<int64_t>(kWhole) - (edge > value ? 1 : 0);
    bins[i] = std::min(bin, inside) + (value >= 1 ? 1 : 0);
  }
}

PixelPrecision::PixelPrecision(double step) : bins_(step) {
  for (std::vector<int64_t>& counts : counts_) counts.resize(3 * bins_.count());
}

// Neighbours often have one bin, and to count in one place twice takes as long as to store and load again: every other
// pixel is counted elsewhere.
void PixelPrecision::add(const ScoreMap& map, const std::vector<PixelLabel>& labels) {
  CAMSWEEP_CHECK(map.values.size() == labels.size(), "map and labels have one frame");
  constexpr size_t kBlock = 1024;
  std::array<int64_t, kBlock> bins;
  const size_t stride = bins_.count();
  for (size_t first = 0; first < labels.size(); first += kBlock) {
    const size_t pixels = std::min(kBlock, labels.size() - first);
    bins_.find({map.values.data() + first, pixels}, bins.data());
    const auto place = [&](size_t i) {
      return static_cast<size_t>(labels[first + i]) * stride + static_cast<size_t>(bins[i]);
    };
    size_t i = 0;
    for (; i + 2 <= pixels; i += 2) {
      ++counts_[0][place(i)];
      ++counts_[1][place(i + 1)];
    }
    if (i < pixels) ++counts_[0][place(i)];
  }
}

std::vector<int64_t> PixelPrecision::counts(PixelLabel label) const {
  std::vector<int64_t> counts(bins_.count());
  const size_t first = static_cast<size_t>(label) * bins_.count();
  for (size_t bin = 0; bin < counts.size(); ++bin) counts[bin] = counts_[0][first + bin] + counts_[1][first + bin];
  return counts;
}

double PixelPrecision::pxap() const {
  const std::vector<int64_t> foreground = counts(PixelLabel::kForeground), background = counts(PixelLabel::kBackground);
  const int64_t positives = std::accumulate(foreground.begin(), foreground.end(), int64_t{0});
  if (positives == 0) throw ConfigError("no pixel of the masks is foreground; PxAP needs some");
  int64_t hits = 0;
  int64_t drawn = 0;
  double area = 0;
  for (size_t bin = foreground.size(); bin-- > 0;) {
    hits += foreground[bin];
    drawn += foreground[bin] + background[bin];
    if (drawn == 0) continue;
    const double recall_gain = static_cast<double>(foreground[bin]) / static_cast<double>(positives);
    area += static_cast<double>(hits) / static_cast<double>(drawn) * recall_gain;
  }
  return 100 * area;
}

}  // namespace camsweep

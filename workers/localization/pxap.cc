#include "workers/localization/pxap.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "schemas/error.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/map_resize.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define CAMSWEEP_GATHERS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CAMSWEEP_GATHERS
#endif

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

ThresholdBins::ThresholdBins(double step) : edges_(threshold_grid(step)), per_unit_(1 / step) {
  edges_.push_back(1);
  edges_.push_back(std::numeric_limits<double>::infinity());
}

// A guess is at most one bin off, as both roundings are far below a step.
CAMSWEEP_GATHERS
void ThresholdBins::find(std::span<const double> values, int32_t* bins) const {
  const auto last = static_cast<int32_t>(count()) - 1;
  const double* const edges = edges_.data();
  for (size_t i = 0; i < values.size(); ++i) {
    const int32_t guess = std::min(static_cast<int32_t>(values[i] * per_unit_), last);
    bins[i] = guess + (edges[guess + 1] <= values[i] ? 1 : 0) - (edges[guess] > values[i] ? 1 : 0);
  }
}

PixelPrecision::PixelPrecision(double step) : bins_(step), counts_(3 * bins_.count()) {}

void PixelPrecision::add(const ScoreMap& map, const std::vector<PixelLabel>& labels) {
  CAMSWEEP_CHECK(map.values.size() == labels.size(), "map and labels have one frame");
  constexpr size_t kBlock = 1024;
  std::array<int32_t, kBlock> bins;
  for (size_t first = 0; first < labels.size(); first += kBlock) {
    const size_t pixels = std::min(kBlock, labels.size() - first);
    bins_.find({map.values.data() + first, pixels}, bins.data());
    for (size_t i = 0; i < pixels; ++i) ++count(labels[first + i], static_cast<size_t>(bins[i]));
  }
}

double PixelPrecision::pxap() const {
  const auto of = [this](PixelLabel label) {
    return std::span(counts_).subspan(static_cast<size_t>(label) * bins_.count(), bins_.count());
  };
  const std::span<const int64_t> foreground = of(PixelLabel::kForeground), background = of(PixelLabel::kBackground);
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

#include "workers/localization/pxap.h"

#include <numeric>

#include "schemas/error.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/map_resize.h"

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

ThresholdBins::ThresholdBins(double step) : edges_(threshold_grid(step)), per_unit_(1 / step) { edges_.push_back(1); }

PixelPrecision::PixelPrecision(double step) : bins_(step), foreground_(bins_.count()), background_(bins_.count()) {}

void PixelPrecision::add(const ScoreMap& map, const std::vector<PixelLabel>& labels) {
  CAMSWEEP_CHECK(map.values.size() == labels.size(), "map and labels have one frame");
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == PixelLabel::kIgnore) continue;
    ++(labels[i] == PixelLabel::kForeground ? foreground_ : background_)[bins_(map.values[i])];
  }
}

double PixelPrecision::pxap() const {
  const int64_t positives = std::accumulate(foreground_.begin(), foreground_.end(), int64_t{0});
  if (positives == 0) throw ConfigError("no pixel of the masks is foreground; PxAP needs some");
  int64_t hits = 0;
  int64_t drawn = 0;
  double area = 0;
  for (size_t bin = foreground_.size(); bin-- > 0;) {
    hits += foreground_[bin];
    drawn += foreground_[bin] + background_[bin];
    if (drawn == 0) continue;
    const double recall_gain = static_cast<double>(foreground_[bin]) / static_cast<double>(positives);
    area += static_cast<double>(hits) / static_cast<double>(drawn) * recall_gain;
  }
  return 100 * area;
}

}  // namespace camsweep

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// What a pixel of the evaluated frame counts as.
enum class PixelLabel : uint8_t { kBackground = 0, kForeground = 1, kIgnore = 255 };

// Labels of a sample from its mask files under `folder`: foreground is the union of all masks (any grey above 0),
// resized to side x side by nearest neighbour; ignored is what the ignore mask marks outside of it. Throws ImageError.
std::vector<PixelLabel> mask_labels(const std::filesystem::path& folder, const Sample& sample, int side);

// The half-open bins between the values of a threshold grid, of which the last is [1, ...): the grid's values are no
// exact multiples of the step, so that a bin is guessed by division and put right by comparison.
class ThresholdBins {
 public:
  explicit ThresholdBins(double step);
  size_t count() const { return edges_.size(); }
  // Of a value in [0, 1].
  size_t operator()(double value) const {
    size_t bin = std::min(edges_.size() - 1, static_cast<size_t>(value * per_unit_));
    while (edges_[bin] > value) --bin;
    while (bin + 1 < edges_.size() && edges_[bin + 1] <= value) ++bin;
    return bin;
  }

 private:
  std::vector<double> edges_;
  double per_unit_;
};

// Pixel average precision over all pixels of all images. Spec protocol, 7.8 (Choe et al., CVPR 2020).
class PixelPrecision {
 public:
  explicit PixelPrecision(double step);
  void add(const ScoreMap& map, const std::vector<PixelLabel>& labels);
  // Percent. Throws ConfigError if no pixel is foreground.
  double pxap() const;

 private:
  ThresholdBins bins_;
  std::vector<int64_t> foreground_;
  std::vector<int64_t> background_;
};

}  // namespace camsweep

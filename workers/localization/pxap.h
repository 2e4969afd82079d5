#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/localization/score_map.h"

namespace camsweep {

// What a pixel of the evaluated frame counts as.
enum class PixelLabel : uint8_t { kBackground, kForeground, kIgnore };

// Labels of a sample from its mask files under `folder`: foreground is the union of all masks (any grey above 0),
// resized to side x side by nearest neighbour; ignored is what the ignore mask marks outside of it. Throws ImageError.
std::vector<PixelLabel> mask_labels(const std::filesystem::path& folder, const Sample& sample, int side);

// The half-open bins between the values of a threshold grid, of which the last is [1, ...).
class ThresholdBins {
 public:
  explicit ThresholdBins(double step);
  size_t count() const { return static_cast<size_t>(last_) + 1; }
  // Of each of `values`, in [0, 1].
  void find(std::span<const double> values, int64_t* bins) const;

 private:
  double step_;
  double per_unit_;
  int64_t last_;
};

// Pixel average precision over all pixels of all images. Spec protocol, 7.8 (Choe et al., CVPR 2020).
class PixelPrecision {
 public:
  explicit PixelPrecision(double step);
  void add(const ScoreMap& map, const std::vector<PixelLabel>& labels);
  // Percent. Throws ConfigError if no pixel is foreground.
  double pxap() const;

 private:
  std::vector<int64_t> counts(PixelLabel label) const;

  ThresholdBins bins_;
  std::array<std::vector<int64_t>, 2> counts_;  // per label and bin, of every other pixel
};

}  // namespace camsweep

#pragma once

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

// Pixel average precision over all pixels of all images. Spec protocol, 7.8 (Choe et al., CVPR 2020).
class PixelPrecision {
 public:
  explicit PixelPrecision(double step);
  void add(const ScoreMap& map, const std::vector<PixelLabel>& labels);
  // Percent. Throws ConfigError if no pixel is foreground.
  double pxap() const;

 private:
  std::vector<double> edges_;  // lower edge of each bin; 1 begins the last
  std::vector<int64_t> foreground_;
  std::vector<int64_t> background_;
};

}  // namespace camsweep

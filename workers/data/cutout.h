#pragma once

#include <vector>

#include "workers/data/dataset.h"
#include "workers/data/image.h"
#include "workers/data/random.h"

namespace camsweep {

// Where and how a cut-out lies on a picture.
struct Pose {
  double x = 0;  // of its centre, pixels from the picture's left and upper edge
  double y = 0;
  double scale = 1;      // picture pixels per cut-out pixel
  double angle_rad = 0;  // clockwise
  bool mirrored = false;
};

// A photographed thing without its background: class of a composed data set.
class Cutout {
 public:
  explicit Cutout(const AlphaImage& image);

  size_t opaque_pixels() const { return opaque_; }

  // A pose within a picture of side x side: visible pixels cover 8 % to 50 % of it (less where a thin shape would not
  // fit otherwise, never less than half of the most that fits), turned by at most 20 degrees either way, mirrored with
  // probability 1/2, wholly inside. Something of the cut-out is opaque.
  Pose random_pose(int side, Random& random) const;

  // Blends the cut-out into `picture` and returns its coverage: 0 nothing, 255 nothing else is seen.
  GrayImage paint(const Pose& pose, Image& picture) const;

 private:
  struct Point {
    double x, y;  // from the centre
  };
  struct Extent {
    double left, top, right, bottom;
  };
  Extent extent(double angle_rad, bool mirrored) const;

  Image colour_;                // times alpha, so that resampling never lets the colour of hidden pixels through
  Image alpha_;                 // the same value in all three channels: what resizes images resizes it too
  std::vector<Point> outline_;  // both ends of each row of opaque pixels
  size_t opaque_ = 0;           // pixels
};

// The smallest box around the pixels that are covered by more than half. The picture shows some.
Box tight_box(const GrayImage& coverage);

// 255 where coverage is more than half, 0 elsewhere.
GrayImage mask_of(const GrayImage& coverage);

}  // namespace camsweep

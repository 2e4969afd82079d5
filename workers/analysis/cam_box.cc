#include "workers/analysis/cam_box.h"

#include "workers/localization/contours.h"

namespace camsweep {

CamBox cam_box(const Normalized& map, FrameSize image) {
  if (map.constant) return {{0, 0, image.width - 1, image.height - 1}, true};
  const LevelMap levels = quantize(map.map);
  const Box drawn = largest_contour_box(levels, threshold_level(kCamBoxThreshold, levels.max()));
  return {scale_box(drawn, {levels.width, levels.height}, image), false};
}

}  // namespace camsweep

#include "workers/localization/box_geometry.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/error.h"

namespace camsweep {
namespace {

void check(const Box& box) {
  if (box.x0 >= 0 && box.y0 >= 0 && box.x1 >= box.x0 && box.y1 >= box.y0) return;
  throw ConfigError(
      fmt::format("box [{}, {}, {}, {}]: corners must be ordered and not negative", box.x0, box.y0, box.x1, box.y1));
}

}  // namespace

int64_t area(const Box& box) { return int64_t{box.x1 - box.x0 + 1} * (box.y1 - box.y0 + 1); }

int64_t common_area(const Box& a, const Box& b) {
  const int64_t width = std::max(0, std::min(a.x1, b.x1) - std::max(a.x0, b.x0) + 1);
  return width * std::max(0, std::min(a.y1, b.y1) - std::max(a.y0, b.y0) + 1);
}

double iou(const Box& a, const Box& b) {
  check(a);
  check(b);
  const int64_t common = common_area(a, b);
  return static_cast<double>(common) / static_cast<double>(area(a) + area(b) - common);
}

double best_iou(const Box& box, const std::vector<Box>& truths) {
  double best = 0;
  for (const Box& truth : truths) best = std::max(best, iou(box, truth));
  return best;
}

Box scale_box(const Box& box, FrameSize image, FrameSize frame) {
  const auto scaled = [](int corner, int target, int original) {
    return static_cast<int>(static_cast<double>(corner) * target / original);
  };
  return {scaled(box.x0, frame.width, image.width), scaled(box.y0, frame.height, image.height),
          scaled(box.x1, frame.width, image.width), scaled(box.y1, frame.height, image.height)};
}

std::vector<Box> scale_boxes(const std::vector<Box>& boxes, FrameSize image, FrameSize frame) {
  std::vector<Box> scaled;
  scaled.reserve(boxes.size());
  for (const Box& box : boxes) scaled.push_back(scale_box(box, image, frame));
  return scaled;
}

std::string box_outside(const Sample& sample, FrameSize image) {
  for (const Box& box : sample.boxes) {
    if (box.x1 < image.width && box.y1 < image.height) continue;
    return fmt::format("box ({},{},{},{}) of '{}' lies outside its image of {} x {} pixels", box.x0, box.y0, box.x1,
                       box.y1, sample.id, image.width, image.height);
  }
  return "";
}

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workers/data/dataset.h"

namespace camsweep {

// Pixels of a box, and of what two have in common; both corners lie inside.
int64_t area(const Box& box);
int64_t common_area(const Box& a, const Box& b);

// Intersection over union with both corners inside their box: a side is x1 - x0 + 1 pixels. 0 where the union is empty.
// Throws ConfigError for a box with x1 < x0, y1 < y0 or a negative corner. Spec protocol, 7.5.
double iou(const Box& a, const Box& b);

// The largest over `truths`, 0 if there are none.
double best_iou(const Box& box, const std::vector<Box>& truths);

// Corners scaled from a width x height image to a side_x x side_y frame, truncated towards zero. Spec protocol, 7.1.
struct FrameSize {
  int width = 0;
  int height = 0;
};
Box scale_box(const Box& box, FrameSize image, FrameSize frame);
std::vector<Box> scale_boxes(const std::vector<Box>& boxes, FrameSize image, FrameSize frame);

// The first box of a sample that reaches beyond its image of this size, as a sentence; empty if none does. Such a box
// could be scored, but against an image that it does not belong to.
std::string box_outside(const Sample& sample, FrameSize image);

}  // namespace camsweep

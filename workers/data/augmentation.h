#pragma once

#include "workers/data/image.h"
#include "workers/data/random.h"
#include "workers/data/resize.h"

namespace camsweep {

// The part of a picture that a random resized crop takes: up to ten tries of an area fraction in [0.08, 1] and an
// aspect ratio in [3/4, 4/3] (log-uniform), then a central crop with the nearest allowed aspect (spec protocol, 2.4).
Crop random_resized_crop(int width, int height, Random& random);

void flip_horizontally(Image& image);

// What training with augmentation sees of a picture: a random resized crop (bicubic), flipped with probability 1/2.
// The only place that knows which operations a recipe has.
Image augment(const Image& image, int side, Random& random);

// What evaluation and training without augmentation see: the whole picture warped to side x side (bilinear).
Image warp(const Image& image, int side);

}  // namespace camsweep

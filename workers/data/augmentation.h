#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "workers/data/image.h"
#include "workers/data/rand_augment.h"
#include "workers/data/random.h"
#include "workers/data/resize.h"

namespace camsweep {

// What is subtracted from and divided by, per channel, of values in [0, 1].
struct Normalization {
  std::array<float, 3> mean = {0.5f, 0.5f, 0.5f};
  std::array<float, 3> std = {0.5f, 0.5f, 0.5f};
};

// What becomes of a picture before a network sees it, in the order of its members (spec wsol_methods, 7). The default
// is what evaluation and training without augmentation see: the whole picture, warped.
struct Augmentation {
  enum class CropKind {
    kWarp,           // all of it
    kRandomResized,  // random_resized_crop()
    kRandom,         // of the warped picture, 256 to a side of 224
    kCenter          // center_crop()
  };
  enum class Interpolation { kBilinear, kBicubic, kRandom };
  // Cells of the normalized picture become zero, the mean colour (Hide-and-Seek, Kumar Singh and Lee, ICCV 2017).
  struct Hiding {
    std::vector<int> sides;  // of a cell, one is drawn for a picture; 0 hides nothing
    double probability = 0.5;
  };

  CropKind crop = CropKind::kWarp;
  double least_area = 0.08;  // of a random resized crop
  Interpolation interpolation = Interpolation::kBilinear;
  double flip = 0;  // probability
  std::optional<RandAugmentOptions> rand_augment = std::nullopt;
  double color_jitter = 0;  // brightness, contrast and saturation change by a factor in 1 -+ this, in random order
  double erasing = 0;       // probability
  std::optional<Hiding> hiding = std::nullopt;
};

// The part of a picture that a random resized crop takes: up to ten tries of an area fraction in [least_area, 1] and an
// aspect ratio in [3/4, 4/3] (log-uniform), then a central crop with the nearest allowed aspect (spec protocol, 2.4).
Crop random_resized_crop(int width, int height, double least_area, Random& random);

// The shorter side resized to int(side / 0.875) and the middle of it cropped, bit-identical to torchvision 0.26 on
// Pillow.
Image center_crop(const Image& image, int side, Filter filter);

void flip_horizontally(Image& image);

// All that happens to pixels of 8 bits: side x side, bit-identical to timm and torchvision with the same draws.
// Pixels from outside have the normalization's mean colour.
Image augment(const Image& image, int side, const Augmentation& augmentation, const Normalization& normalization,
              Random& random);

// The same for a random resized crop, of a picture of which `read` decodes the chosen part alone.
using ReadCrop = std::function<Image(const ChooseCrop&)>;
Image augment(const ReadCrop& read, int side, const Augmentation& augmentation, const Normalization& normalization,
              Random& random);

// What random erasing covers of a side x side picture, if anything: up to ten tries of an area fraction in [0.02, 1/3]
// and an aspect ratio in [0.3, 1/0.3], log-uniform (Zhong et al., AAAI 2020, as timm has it).
std::optional<Crop> draw_erased(int side, double probability, Random& random);

// All that happens after normalization: `planes` are 3 x side x side. Erased values become N(0, 1).
void erase_and_hide(float* planes, int side, const Augmentation& augmentation, Random& random);

// The whole picture warped to side x side (bilinear).
Image warp(const Image& image, int side);

// An RGB image as 3 planes of normalized float32.
void normalize_into(const Image& image, const Normalization& normalization, float* planes);

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "workers/data/random.h"

namespace camsweep {

// Mixup (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV 2019) of whole batches, as timm's Mixup and, with
// shuffled pairs, wsolevaluation do it (spec wsol_methods, 4.5 and 7.3).
struct MixingOptions {
  double mixup = 0;               // alpha of Beta(alpha, alpha); 0: off
  double cutmix = 0;              // likewise
  double probability = 1;         // that a batch is mixed at all
  double switch_to_cutmix = 0.5;  // where both are on
  bool shuffled_pairs = false;    // or an image's partner is the one at its place from the end: itself in the middle
  bool ceil_edge = false;         // upper edge of the box at centre + ceil(cut / 2), as in timm 1, or + floor
};

// Rows [top, bottom) and columns [left, right) of an image.
struct CutBox {
  int64_t top = 0;
  int64_t bottom = 0;
  int64_t left = 0;
  int64_t right = 0;
  int64_t area() const { return (bottom - top) * (right - left); }
};

// How one batch is mixed: what is drawn for it.
struct Mix {
  double lambda = 1;       // weight of an image's own label; 1: nothing is mixed
  bool is_cutmix = false;  // then the box comes from the partner
  CutBox box;
  at::Tensor partner;  // (n) int64

  bool is_mixed() const { return lambda < 1; }
};

// CutMix's box around a centre for the share `lambda` that stays, clipped to a map of height x width: sides are
// int(side * sqrt(1 - lambda)).
CutBox cutmix_box(int64_t height, int64_t width, double lambda, int64_t centre_y, int64_t centre_x, bool ceil_edge);

// For `count` images of height x width. A box's lambda is the share of the image that it leaves.
Mix draw_mix(const MixingOptions& options, int64_t count, int64_t height, int64_t width, Random& random);

// (n, C, H, W) -> the same shape; the input stays as it is.
at::Tensor mix_images(const at::Tensor& images, const Mix& mix);

}  // namespace camsweep

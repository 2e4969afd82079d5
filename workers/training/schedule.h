#pragma once

#include <cstdint>

namespace camsweep {

// Learning rate per optimizer step: linear warm-up from 0, then a cosine down to `min_lr` (spec protocol, 2.2; SGDR,
// Loshchilov and Hutter 2017, eq. 5 without restarts).
struct CosineSchedule {
  double lr = 0;
  double min_lr = 0;
  int64_t warmup_steps = 0;
  int64_t total_steps = 0;

  // For `step` in [0, total_steps). During warm-up lr * step / (warmup_steps - 1), both ends included; a warm-up of one
  // step has rate 0, as the source has it.
  double at(int64_t step) const;
};

}  // namespace camsweep

#pragma once

#include <cstdint>

namespace camsweep {

// Learning rate per optimizer step: linear warm-up from 0, then a cosine down to `min_lr` (spec protocol, 2.2; SGDR,
// Loshchilov and Hutter 2017, eq. 5 without restarts), or a factor at every `step_steps` of them, or neither.
struct Schedule {
  enum class Kind { kCosine, kStep, kConstant } kind = Kind::kCosine;
  double lr = 0;
  double min_lr = 0;  // of the cosine
  int64_t warmup_steps = 0;
  int64_t total_steps = 0;
  int64_t step_steps = 1;  // of kStep, from the run's start
  double step_factor = 1;

  // For `step` in [0, total_steps). During warm-up lr * step / (warmup_steps - 1), both ends included; a warm-up of one
  // step has rate 0, as the source has it.
  double at(int64_t step) const;
};

}  // namespace camsweep

#include "workers/training/schedule.h"

#include <cmath>
#include <numbers>

#include "schemas/error.h"

namespace camsweep {

double Schedule::at(int64_t step) const {
  CAMSWEEP_CHECK(step >= 0 && step < total_steps, "the schedule is asked for a step of the run");
  if (step < warmup_steps) {
    return warmup_steps == 1 ? 0.0 : lr * static_cast<double>(step) / static_cast<double>(warmup_steps - 1);
  }
  if (kind == Kind::kConstant) return lr;
  if (kind == Kind::kStep) return lr * std::pow(step_factor, static_cast<double>(step / step_steps));
  const double done = static_cast<double>(step - warmup_steps) / static_cast<double>(total_steps - warmup_steps);
  return min_lr + (lr - min_lr) / 2 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace camsweep

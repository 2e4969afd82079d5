#include "results/remaining_time.h"

#include <algorithm>
#include <cmath>

#include "schemas/text.h"

namespace camsweep {
namespace {

// A job that outlives the mean, or has made its last step, still has a result to deliver.
constexpr double kLeastShareLeft = 0.05;

double left_of(const JobAtWork& job, double mean_s) {
  // A job that went on from a checkpoint is further than its age tells, so its steps count where they are known.
  const double left = job.share ? 1 - *job.share : 1 - job.age_s / mean_s;
  return mean_s * std::max(left, kLeastShareLeft);
}

}  // namespace

std::optional<double> share_of(int64_t step, int64_t of) {
  if (of <= 0) return std::nullopt;
  return std::clamp(static_cast<double>(step) / static_cast<double>(of), 0.0, 1.0);
}

std::optional<double> remaining_time(const std::vector<StageWork>& stages, size_t gangs) {
  double work_s = 0;
  double longest_s = 0;
  bool anything = false;
  for (const StageWork& stage : stages) {
    if (stage.waiting == 0 && stage.running.empty()) continue;
    anything = true;
    if (stage.finished.count == 0) return std::nullopt;
    constexpr double kShortest_s = 1e-3;  // clocks round: a mean of 0 would promise that nothing takes time
    const double mean_s = std::max(stage.finished.sum_s / static_cast<double>(stage.finished.count), kShortest_s);
    work_s += static_cast<double>(stage.waiting) * mean_s;
    for (const JobAtWork& job : stage.running) {
      const double left_s = left_of(job, mean_s);
      work_s += left_s;
      longest_s = std::max(longest_s, left_s);
    }
  }
  if (!anything) return 0;
  if (gangs == 0) return std::nullopt;
  return std::max(work_s / static_cast<double>(gangs), longest_s);
}

std::string remaining_text(std::optional<double> remaining_s) {
  // Whole seconds, rounded up: an estimate of tenths would be false precision, and "0.0 s" a lie.
  return remaining_s ? format_duration(std::max(1.0, std::ceil(*remaining_s))) + " left" : "time left unknown";
}

}  // namespace camsweep

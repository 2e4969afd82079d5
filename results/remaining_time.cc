#include "results/remaining_time.h"

#include <algorithm>
#include <cmath>

#include "schemas/text.h"

namespace camsweep {
namespace {

// A job that outlives the mean, or has made its last step, still has a result to deliver.
constexpr double kLeastShareLeft = 0.05;

constexpr double kLeastShareDone = 0.02;  // before that, start-up is most of a job's age
constexpr double kShortest_s = 1e-3;      // clocks round: a mean of 0 would promise that nothing takes time

// What a job of the stage takes.
std::optional<double> mean_duration(const StageWork& stage) {
  if (stage.finished.count > 0) {
    return std::max(stage.finished.sum_s / static_cast<double>(stage.finished.count), kShortest_s);
  }
  JobDurations foretold;
  for (const JobAtWork& job : stage.running) {
    if (!job.share || *job.share < kLeastShareDone) continue;
    foretold.sum_s += job.age_s / *job.share;
    ++foretold.count;
  }
  if (foretold.count == 0) return std::nullopt;
  return std::max(foretold.sum_s / static_cast<double>(foretold.count), kShortest_s);
}

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

std::optional<RemainingTime> remaining_time(const std::vector<StageWork>& stages, size_t gangs) {
  double work_s = 0;
  double longest_s = 0;
  size_t known = 0;
  size_t unknown = 0;
  for (const StageWork& stage : stages) {
    if (stage.waiting == 0 && stage.running.empty()) continue;
    const std::optional<double> mean_s = mean_duration(stage);
    ++(mean_s ? known : unknown);
    if (!mean_s) continue;
    work_s += static_cast<double>(stage.waiting) * *mean_s;
    for (const JobAtWork& job : stage.running) {
      const double left_s = left_of(job, *mean_s);
      work_s += left_s;
      longest_s = std::max(longest_s, left_s);
    }
  }
  if (known + unknown == 0) return RemainingTime{};
  if (known == 0 || gangs == 0) return std::nullopt;
  return RemainingTime{std::max(work_s / static_cast<double>(gangs), longest_s), unknown > 0};
}

std::string remaining_text(const std::optional<RemainingTime>& remaining) {
  if (!remaining) return "time left unknown";
  // Whole seconds, rounded up: an estimate of tenths would be false precision, and "0.0 s" a lie.
  const std::string duration = format_duration(std::max(1.0, std::ceil(remaining->seconds)));
  return (remaining->at_least ? "at least " : "") + duration + " left";
}

}  // namespace camsweep

// Fills the results database of a sweep as a run of it would have: nine jobs of ten done, with final metrics and a
// short history; one in a thousand failed; two running; the rest waiting. The commands that read are measured on it.
#include <fmt/format.h>

#include <array>

#include "bench/new_sweep.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr size_t kJobsPerCommit = 1000;  // a run commits every few milliseconds; rows are the same

enum class Fate { kDone, kFailed, kRunning, kWaiting };

Fate fate_of(size_t job, size_t jobs) {
  if (job % 1000 == 999) return Fate::kFailed;
  if (job * 10 < jobs * 9) return Fate::kDone;
  return job * 10 < jobs * 9 + 20 ? Fate::kRunning : Fate::kWaiting;
}

// Numbers that differ from job to job and look like those of a training.
JobSuccess success_of(size_t job) {
  const double quality = static_cast<double>(job * 7919 % 1000) / 1000;
  JobSuccess success;
  for (const int epoch : {1, 2, 3}) success.metrics.push_back({"train.loss", epoch, 3 - quality - 0.2 * epoch});
  success.metrics.push_back({"train.loss", std::nullopt, 2.4 - quality});
  success.metrics.push_back({"test.top1", std::nullopt, 100 * quality});
  success.metrics.push_back({"test.loss", std::nullopt, 2.5 - quality});
  success.environment = {{"host", "bench"}, {"threads", 1}, {"images_per_s", 100 + 10 * quality}};
  return success;
}

Fate play(Store& store, const JobId& job, size_t position, size_t jobs) {
  const Fate fate = fate_of(position, jobs);
  if (fate == Fate::kWaiting) return fate;
  store.begin_attempt(job, 1, "1");
  if (fate == Fate::kRunning) store.record_progress(job, 1, 2, 150, 1000, 98.5);
  if (fate == Fate::kDone) CAMSWEEP_CHECK(store.accept(job, 1, success_of(position)), "a first result is accepted");
  if (fate == Fate::kFailed) {
    const JobFailure failure{"diverged", false, "the loss is not finite"};
    store.end_attempt(job, 1, failure, true);
    store.set_state(job, JobState::kFailed, "diverged: the loss is not finite");
  }
  return fate;
}

void fill(NewSweep& sweep) {
  const std::vector<JobSpec>& jobs = sweep.plan.jobs;
  std::array<int, 4> counts{};
  for (size_t i = 0; i < jobs.size(); ++i) {
    ++counts[static_cast<size_t>(play(sweep.store, jobs[i].id, i, jobs.size()))];
    if (i % kJobsPerCommit == 0) sweep.store.commit();
  }
  sweep.store.commit();
  fmt::print("{}: {} jobs, {} done, {} failed, {} running, {} waiting\n", sweep.folder.database().string(), jobs.size(),
             counts[0], counts[1], counts[2], counts[3]);
}

}  // namespace
}  // namespace camsweep

// Example: fill bench/grid_100k.yaml build/release/bench/runs
int main(int argc, char** argv) { return camsweep::run_on_new_sweep(argc, argv, camsweep::fill); }

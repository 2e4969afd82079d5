// The scheduler's own cost per job: the real state machine, run loop, database and files of a run, with gangs in this
// process that answer at once. What a run of real gangs takes longer is the gangs'.
#include "orchestrator/run_loop.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "bench/new_sweep.h"
#include "results/database.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr int kGangs = 2;

class InstantGangs : public Gangs {
 public:
  void start(GangId gang, const std::vector<int>& slots) override {
    events_.emplace_back(GangMessage{gang, Ready{.build = "", .ranks = std::vector<RankProcess>(slots.size())}});
  }
  void send(GangId gang, const ToGang& message) override {
    if (const auto* job = std::get_if<Assignment>(&message)) {
      const double seed = job->parameters.value("seed", 0.0);
      JobSuccess success;
      success.metrics.push_back({"noop.seed", std::nullopt, seed});
      events_.emplace_back(GangMessage{gang, Outcome{job->job, job->attempt, success}});
    } else if (std::holds_alternative<Exit>(message)) {
      events_.emplace_back(GangExited{gang, "it left"});
    }
  }
  void kill(GangId gang) override { events_.emplace_back(GangReaped{gang, std::nullopt}); }
  std::vector<Event> wait(double timeout_s) override {
    if (events_.empty()) std::this_thread::sleep_for(std::chrono::duration<double>(timeout_s));
    return std::exchange(events_, {});
  }

 private:
  std::vector<Event> events_;
};

double cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void check(Store& store, size_t jobs) {
  const int64_t right = store.database().integer(
      "SELECT count(*) FROM jobs JOIN metrics ON metrics.job = jobs.id"
      " WHERE jobs.state = 'done' AND metrics.name = 'noop.seed' AND metrics.value = jobs.seed");
  CAMSWEEP_CHECK(right == static_cast<int64_t>(jobs), "every job is done, with its own result");
}

void measure(NewSweep& sweep) {
  auto& [plan, folder, store] = sweep;
  Scheduler scheduler(plan.jobs, store.job_records(), {.slots = kGangs, .limits = plan.spec.limits, .build = ""});
  StoredRecords records(store, folder.root);
  InstantGangs gangs;
  const SteadyClock clock;
  ProgressLine progress(stderr, ProgressLine::Style::kPlain);
  RunLoop loop({.scheduler = scheduler,
                .jobs = plan.jobs,
                .folder = folder,
                .records = records,
                .gangs = gangs,
                .clock = clock,
                .progress = progress});
  const double cpu_before_s = cpu_s();
  const double start_s = clock.now_s();
  loop.run();
  const double spent_s = clock.now_s() - start_s;
  const double spent_cpu_s = cpu_s() - cpu_before_s;
  check(store, plan.jobs.size());
  const auto jobs = static_cast<double>(plan.jobs.size());
  fmt::print("{} jobs: {:.0f} per second, {:.3f} ms of CPU time each\n", plan.jobs.size(), jobs / spent_s,
             1e3 * spent_cpu_s / jobs);
}

}  // namespace
}  // namespace camsweep

// Example: run_loop bench/noop.yaml build/release/bench/runs
int main(int argc, char** argv) { return camsweep::run_on_new_sweep(argc, argv, camsweep::measure); }

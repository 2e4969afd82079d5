#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "results/store.h"
#include "schemas/job_spec.h"

namespace camsweep {

// How many jobs stand where. kRecording (a result that is not yet durable) counts as running.
struct JobCounts {
  int total = 0;
  int done = 0;
  int running = 0;
  int failed = 0;
  int blocked = 0;
  int waiting = 0;
};

// The jobs of a plan, what each needs and where each stands. Jobs are numbered in plan order. Holds no gangs
// and no clock: it answers "what could run next" and keeps the dependents of a job in step with it.
class JobTable {
 public:
  enum class Phase { kWaiting, kReady, kRunning, kRecording, kDone, kFailed, kBlocked };

  // `records` tells what earlier runs left; a job without a record is new. Jobs stand after those they need.
  JobTable(const std::vector<JobSpec>& jobs, const std::unordered_map<JobId, JobRecord>& records);

  size_t size() const { return jobs_.size(); }
  const JobId& id(size_t job) const { return jobs_[job].id; }
  Stage stage(size_t job) const { return jobs_[job].stage; }
  int gang(size_t job) const { return jobs_[job].gang; }
  Phase phase(size_t job) const { return jobs_[job].phase; }
  int counted_attempts(size_t job) const { return jobs_[job].counted_attempts; }
  std::optional<size_t> find(const JobId& id) const;

  // Ready jobs by the gang size they want, each in plan order. Sizes without a ready job are absent.
  const std::map<int, std::set<size_t>>& ready() const { return ready_; }
  JobCounts counts() const;
  int waiting(Stage stage) const;  // waiting or ready
  bool unfinished() const;         // some job is waiting, ready, running or being recorded

  int begin(size_t job);       // ready -> running; the number of the new attempt, above all before
  void recording(size_t job);  // running -> recording
  void done(size_t job);       // recording -> done; dependents may become ready
  void count(size_t job) { ++jobs_[job].counted_attempts; }
  void put_back(size_t job);  // running -> ready
  // running -> failed; every job that needs it, directly or not, becomes blocked. Returns those, in plan
  // order.
  std::vector<size_t> fail(size_t job);
  // Failed or blocked jobs wait again with all their attempts: the job, the failed ones it needs, and what
  // they blocked. A failed job of a gang above `largest_gang` stays failed, and blocks what needs it. Returns those
  // that changed, in plan order.
  std::vector<size_t> retry(size_t job, int largest_gang = std::numeric_limits<int>::max());

 private:
  struct Job {
    JobId id;
    Stage stage = Stage::kTrain;
    int gang = 1;
    std::vector<size_t> needs;
    std::vector<size_t> dependents;
    Phase phase = Phase::kWaiting;
    int attempts = 0;
    int counted_attempts = 0;
  };

  void move(size_t job, Phase phase);
  void settle(size_t job);  // derives waiting, ready or blocked from what the job needs
  bool waits(size_t job) const;

  std::vector<Job> jobs_;
  std::unordered_map<JobId, size_t> by_id_;
  std::map<int, std::set<size_t>> ready_;
  std::map<Phase, int> in_phase_;
  std::map<Stage, int> waiting_;
};

}  // namespace camsweep

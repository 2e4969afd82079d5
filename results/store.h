#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/outcome.h"

namespace camsweep {

class Database;

// Where a job stands. Stored by name; "stale" (no longer listed by the sweep file) is a flag beside it.
enum class JobState { kWaiting, kRunning, kDone, kFailed, kBlocked };
std::string_view job_state_name(JobState state);

// A train job's accepted weights, as an analysis gets them.
struct AcceptedWeights {
  std::string path;  // absolute
  std::string sha256;
};

// What the scheduler needs to know of a job when it starts.
struct JobRecord {
  JobState state = JobState::kWaiting;
  int attempts = 0;          // the highest attempt number ever given
  int counted_attempts = 0;  // those that count towards max_attempts
};

// Names a sweep for register_plan().
struct SweepRecord {
  std::string name;
  std::string file;        // absolute path of the sweep file
  std::string text;        // its bytes
  Json report;             // the `report:` block
  bool mark_stale = true;  // false with overrides or --only: those never mark anything stale
};

// The one writer of a sweep's results.db. Everything between two commit() calls is one transaction; what was
// recorded is durable when commit() returns. Not thread-safe. Throws Error: kDiskFull, kSchemaVersion (a newer
// database), kCorruption, kEnvironment.
class Store {
 public:
  // Opens `<folder>/results.db`, creates or migrates it. The caller holds the sweep's lock.
  explicit Store(const std::filesystem::path& folder);
  ~Store();
  Store(Store&&) noexcept;

  // Upserts sweep, cells and jobs; replaces the links of every cell and seed in `cell_jobs`, which lists all of them;
  // marks jobs that are no longer listed as stale. Attempts that were
  // running are closed as lost (they do not count), their jobs wait again.
  void register_plan(const SweepRecord& sweep, const std::vector<Cell>& cells, const std::vector<JobSpec>& jobs,
                     const std::vector<CellJob>& cell_jobs);

  std::unordered_map<JobId, JobRecord> job_records() const;
  // The accepted weights (artifact kind "weights", or "snapshot" of `epoch`) of a train job.
  std::optional<AcceptedWeights> accepted_weights(const JobId& train_job, std::optional<int> epoch) const;

  void begin_attempt(const JobId& job, int attempt, const std::string& gang);
  void record_progress(const JobId& job, int attempt, int epoch, int64_t step, int64_t of, double rate);
  void record_live_metric(const JobId& job, int attempt, const Metric& metric);
  void record_event(const std::string& kind, const std::optional<JobId>& job, const std::string& text);

  // Accepts a result: metrics, curves, artifacts, environment, state done. False (and nothing written but an event
  // "superseded") if an accepted result of this job or a newer attempt exists. Of two values with one name and epoch
  // the later counts.
  bool accept(const JobId& job, int attempt, const JobSuccess& success);
  // Ends an attempt without a result. `counts`: towards max_attempts.
  void end_attempt(const JobId& job, int attempt, const JobFailure& failure, bool counts);
  void set_state(const JobId& job, JobState state, const std::string& reason);
  // Gives failed and blocked jobs their attempts back: they wait again.
  void reset(const JobId& job);

  // For verify: what a result file proves replaces what the row says, whichever attempt is newer. A job that the
  // database lost is added as stale: which cells it belongs to is for the next plan to say.
  void restore(const JobSpec& job, int attempt, const JobSuccess& success);

  void commit();

  Database& database();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Result files: `jobs/<id>/result.json` beside every accepted row, self-checked by a SHA-256 of its own content.
// Written by the scheduler after the commit that accepted the row; rebuilt by verify. See results/result_file.h.
void write_result_file(const std::filesystem::path& sweep_folder, const JobSpec& job, int attempt,
                       const JobSuccess& success);

}  // namespace camsweep

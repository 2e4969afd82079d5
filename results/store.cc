#include "results/store.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>

#include "results/database.h"
#include "results/schema.h"
#include "results/store_impl.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kStates = {"waiting", "running", "done", "failed", "blocked"};

JobState state_from_name(std::string_view name) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == name) return static_cast<JobState>(i);
  }
  throw Error(ExitCode::kCorruption, fmt::format("the database holds the unknown job state '{}'", name));
}

}  // namespace

std::string utc_now() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t time = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", text.data(), now.time_since_epoch().count() % 1000);
}

std::string_view job_state_name(JobState state) { return kStates[static_cast<size_t>(state)]; }

Store::Impl::Impl(const fs::path& sweep_folder)
    : folder(fs::absolute(sweep_folder)), database(folder / "results.db", Database::Mode::kWrite) {
  migrate(database);
  Statement known(database, "SELECT kind, name FROM run_columns");
  while (known.step()) run_columns.emplace(known.text(0), known.text(1));
}

Statement& Store::Impl::prepared(std::string_view sql) {
  auto found = statements.find(sql);
  if (found == statements.end()) found = statements.emplace(std::string(sql), Statement(database, sql)).first;
  return found->second;
}

Statement& Store::Impl::write(std::string_view sql) {
  if (!transaction) transaction.emplace(database);
  return prepared(sql);
}

void Store::Impl::event(std::string_view kind, const std::optional<JobId>& job, std::string_view text) {
  write("INSERT INTO events (at, kind, job, text) VALUES (?, ?, ?, ?)")
      .bind(1, utc_now())
      .bind(2, kind)
      .bind(3, job ? std::optional(job->hex) : std::nullopt)
      .bind(4, text)
      .run();
}

void Store::Impl::add_run_column(std::string_view kind, const std::string& name) {
  if (!run_columns.emplace(kind, name).second) return;
  write("INSERT OR IGNORE INTO run_columns (kind, name) VALUES (?, ?)").bind(1, kind).bind(2, name).run();
  view_is_old = true;
}

Store::Store(const fs::path& folder) : impl_(std::make_unique<Impl>(folder)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

Database& Store::database() { return impl_->database; }

void Store::commit() {
  if (!impl_->transaction) return;
  if (impl_->view_is_old) refresh_runs_view(impl_->database);
  impl_->view_is_old = false;
  impl_->transaction->commit();
  impl_->transaction.reset();
}

std::unordered_map<JobId, JobRecord> Store::job_records() const {
  std::unordered_map<JobId, JobRecord> records;
  Statement rows(impl_->database, "SELECT id, state, attempts, counted_attempts FROM jobs");
  while (rows.step()) {
    records[{rows.text(0)}] = {.state = state_from_name(rows.text(1)),
                               .attempts = static_cast<int>(rows.integer(2)),
                               .counted_attempts = static_cast<int>(rows.integer(3))};
  }
  return records;
}

std::optional<AcceptedWeights> Store::accepted_weights(const JobId& train_job, std::optional<int> epoch) const {
  Statement row(impl_->database,
                epoch ? "SELECT attempt, path, sha256 FROM artifacts WHERE job = ? AND kind = 'snapshot' AND epoch = ?"
                      : "SELECT attempt, path, sha256 FROM artifacts WHERE job = ? AND kind = 'weights'");
  row.bind(1, train_job.hex);
  if (epoch) row.bind(2, *epoch);
  if (!row.step()) return std::nullopt;
  const fs::path attempt = impl_->folder / "jobs" / train_job.hex / "attempts" / row.text(0);
  return AcceptedWeights{.path = (attempt / row.text(1)).string(), .sha256 = row.text(2)};
}

void Store::begin_attempt(const JobId& job, int attempt, const std::string& gang) {
  impl_->write("INSERT INTO attempts (job, attempt, state, gang, started_at) VALUES (?, ?, 'running', ?, ?)")
      .bind(1, job.hex)
      .bind(2, attempt)
      .bind(3, gang)
      .bind(4, utc_now())
      .run();
  impl_->write("UPDATE jobs SET attempts = ? WHERE id = ?").bind(1, attempt).bind(2, job.hex).run();
  set_state(job, JobState::kRunning, "");
}

void Store::record_progress(const JobId& job, int attempt, int epoch, int64_t step, int64_t of, double rate) {
  impl_
      ->write(
          "UPDATE attempts SET epoch = ?, step = ?, steps = ?, images_per_s = ? WHERE job = ? AND attempt = ?"
          " AND state = 'running'")
      .bind(1, epoch)
      .bind(2, step)
      .bind(3, of)
      .bind(4, rate)
      .bind(5, job.hex)
      .bind(6, attempt)
      .run();
}

void Store::record_live_metric(const JobId& job, int attempt, const Metric& metric) {
  impl_->write("INSERT INTO live_metrics (job, attempt, name, epoch, value) VALUES (?, ?, ?, ?, ?)")
      .bind(1, job.hex)
      .bind(2, attempt)
      .bind(3, metric.name)
      .bind(4, metric.epoch)
      .bind(5, metric.value)
      .run();
}

void Store::record_event(const std::string& kind, const std::optional<JobId>& job, const std::string& text) {
  impl_->event(kind, job, text);
}

void Store::end_attempt(const JobId& job, int attempt, const JobFailure& failure, bool counts) {
  impl_
      ->write(
          "UPDATE attempts SET state = ?, kind = ?, text = ?, ended_at = ? WHERE job = ? AND attempt = ?"
          " AND state = 'running'")
      .bind(1, counts ? "failed" : "stopped")
      .bind(2, failure.kind)
      .bind(3, failure.text)
      .bind(4, utc_now())
      .bind(5, job.hex)
      .bind(6, attempt)
      .run();
  impl_->write("UPDATE jobs SET counted_attempts = counted_attempts + ? WHERE id = ?")
      .bind(1, counts ? 1 : 0)
      .bind(2, job.hex)
      .run();
  impl_->write("DELETE FROM live_metrics WHERE job = ?").bind(1, job.hex).run();
  impl_->event("attempt_ended", job, fmt::format("attempt {}: {}: {}", attempt, failure.kind, failure.text));
}

void Store::set_state(const JobId& job, JobState state, const std::string& reason) {
  impl_->write("UPDATE jobs SET state = ?, reason = ? WHERE id = ?")
      .bind(1, job_state_name(state))
      .bind(2, reason)
      .bind(3, job.hex)
      .run();
  impl_->event(std::string(job_state_name(state)), job, reason);
}

void Store::reset(const JobId& job) {
  impl_->write("UPDATE jobs SET counted_attempts = 0 WHERE id = ? AND state IN ('failed', 'blocked')")
      .bind(1, job.hex)
      .run();
  set_state(job, JobState::kWaiting, "");
}

}  // namespace camsweep

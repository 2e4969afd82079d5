#include "results/store.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <map>
#include <set>

#include "results/database.h"
#include "results/schema.h"
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

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string_view type_name(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  return value.is_string() ? "string" : "json";
}

}  // namespace

std::string_view job_state_name(JobState state) { return kStates[static_cast<size_t>(state)]; }

struct Store::Impl {
  explicit Impl(const fs::path& sweep_folder)
      : folder(fs::absolute(sweep_folder)), database(folder / "results.db", Database::Mode::kWrite) {
    migrate(database);
    Statement known(database, "SELECT DISTINCT name FROM metrics WHERE epoch IS NULL");
    while (known.step()) metric_names.insert(known.text(0));
  }

  // One prepared statement per text, kept for the life of the connection.
  Statement& prepared(std::string_view sql) {
    auto found = statements.find(sql);
    if (found == statements.end()) found = statements.emplace(std::string(sql), Statement(database, sql)).first;
    return found->second;
  }

  // The first write after a commit opens the next transaction.
  Statement& write(std::string_view sql) {
    if (!transaction) transaction.emplace(database);
    return prepared(sql);
  }

  void event(std::string_view kind, const std::optional<JobId>& job, std::string_view text) {
    Statement& insert = write("INSERT INTO events (at, kind, job, text) VALUES (?, ?, ?, ?)");
    insert.bind(1, now()).bind(2, kind).bind(4, text);
    if (job) {
      insert.bind(3, job->hex);
    } else {
      insert.bind(3, std::nullopt);
    }
    insert.run();
  }

  void insert_result(const JobId& job, int attempt, const JobSuccess& success);
  void insert_cell(const Cell& cell, int64_t position);
  void insert_job(const JobSpec& job, int64_t position);
  void close_running_attempts();

  fs::path folder;
  Database database;
  std::map<std::string, Statement, std::less<>> statements;
  std::optional<Transaction> transaction;
  std::set<std::string> metric_names;  // of final metrics: a new one changes the view `runs`
  bool view_is_old = false;
};

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

void Store::Impl::insert_cell(const Cell& cell, int64_t position) {
  write(
      "INSERT INTO cells (id, position, parameters) VALUES (?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET position = excluded.position, stale = 0")
      .bind(1, cell.id)
      .bind(2, position)
      .bind(3, cell.parameters.dump())
      .run();
  for (const auto& [name, value] : cell.parameters.items()) {
    Statement& insert = write(
        "INSERT INTO parameters (cell, name, type, number, text) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING");
    insert.bind(1, cell.id).bind(2, name).bind(3, type_name(value));
    if (value.is_number() || value.is_boolean()) {
      insert.bind(4, value.is_boolean() ? double(value.get<bool>()) : value.get<double>()).bind(5, std::nullopt);
    } else {
      insert.bind(4, std::nullopt).bind(5, value.is_string() ? value.get<std::string>() : value.dump());
    }
    insert.run();
  }
}

void Store::Impl::insert_job(const JobSpec& job, int64_t position) {
  write(
      "INSERT INTO jobs (id, position, stage, state, identity, seed, gang, at_epoch)"
      " VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET position = excluded.position, gang = excluded.gang, stale = 0")
      .bind(1, job.id.hex)
      .bind(2, position)
      .bind(3, stage_name(job.stage))
      .bind(4, job.identity.dump())
      .bind(5, job.seed())
      .bind(6, job.gang)
      .bind(7, job.at_epoch)
      .run();
}

// Whoever ran them is gone, since the caller holds the sweep's lock.
void Store::Impl::close_running_attempts() {
  write("UPDATE attempts SET state = 'lost', ended_at = ?, text = 'its scheduler died' WHERE state = 'running'")
      .bind(1, now())
      .run();
  write("UPDATE jobs SET state = 'waiting' WHERE state = 'running'").run();
  write("DELETE FROM live_metrics").run();
}

void Store::register_plan(const SweepRecord& sweep, const std::vector<Cell>& cells, const std::vector<JobSpec>& jobs,
                          const std::vector<CellJob>& cell_jobs) {
  impl_
      ->write(
          "INSERT INTO sweeps (name, file, text, report, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name)"
          " DO UPDATE SET file = excluded.file, text = excluded.text, report = excluded.report,"
          " updated_at = excluded.updated_at")
      .bind(1, sweep.name)
      .bind(2, sweep.file)
      .bind(3, sweep.text)
      .bind(4, sweep.report.dump())
      .bind(5, now())
      .run();
  if (sweep.mark_stale) {
    impl_->write("UPDATE cells SET stale = 1").run();
    impl_->write("UPDATE jobs SET stale = 1").run();
  }
  int64_t position = 0;
  for (const Cell& cell : cells) impl_->insert_cell(cell, position++);
  position = 0;
  for (const JobSpec& job : jobs) impl_->insert_job(job, position++);
  for (const CellJob& link : cell_jobs) {
    impl_->write("INSERT INTO cell_jobs (cell, seed, entry, job) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(1, link.cell)
        .bind(2, link.seed)
        .bind(3, link.entry)
        .bind(4, link.job.hex)
        .run();
  }
  impl_->close_running_attempts();
  impl_->event("plan", std::nullopt, fmt::format("{} cells, {} jobs", cells.size(), jobs.size()));
  impl_->view_is_old = true;
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
      .bind(4, now())
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

bool Store::accept(const JobId& job, int attempt, const JobSuccess& success) {
  {
    Statement& current = impl_->prepared("SELECT state, attempts FROM jobs WHERE id = ?");
    current.bind(1, job.hex);
    const bool known = current.step();
    const bool superseded = !known || current.text(0) == "done" || current.integer(1) > attempt;
    current.reset();
    if (superseded) {
      impl_->event("superseded", job, fmt::format("the result of attempt {} came too late", attempt));
      return false;
    }
  }
  impl_->insert_result(job, attempt, success);
  impl_
      ->write(
          "INSERT INTO attempts (job, attempt, state, gang, started_at, ended_at) VALUES (?1, ?2, 'accepted', '',"
          " ?3, ?3) ON CONFLICT DO UPDATE SET state = 'accepted', ended_at = excluded.ended_at")
      .bind(1, job.hex)
      .bind(2, attempt)
      .bind(3, now())
      .run();
  impl_->write("DELETE FROM live_metrics WHERE job = ?").bind(1, job.hex).run();
  set_state(job, JobState::kDone, "");
  return true;
}

void Store::Impl::insert_result(const JobId& job, int attempt, const JobSuccess& success) {
  for (const Metric& metric : success.metrics) {
    write("INSERT INTO metrics (job, name, epoch, value) VALUES (?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, metric.name)
        .bind(3, metric.epoch)
        .bind(4, metric.value)
        .run();
    if (!metric.epoch && metric_names.insert(metric.name).second) view_is_old = true;
  }
  const Json curves = to_json(JobSuccess{.metrics = {}, .curves = success.curves, .artifacts = {}}).at("curves");
  for (const Json& curve : curves) {
    write("INSERT INTO curves (job, name, x_name, x, y) VALUES (?, ?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, curve.at("name").get<std::string>())
        .bind(3, curve.at("x_name").get<std::string>())
        .bind(4, curve.at("x").dump())
        .bind(5, curve.at("y").dump())
        .run();
  }
  for (const Artifact& artifact : success.artifacts) {
    write("INSERT INTO artifacts (job, attempt, path, sha256, kind, label, epoch) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, attempt)
        .bind(3, artifact.path)
        .bind(4, artifact.sha256)
        .bind(5, artifact.kind)
        .bind(6, artifact.label)
        .bind(7, artifact.epoch)
        .run();
  }
  for (const auto& [name, value] : success.environment.items()) {
    write("INSERT INTO environment (job, name, value) VALUES (?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, name)
        .bind(3, value.dump())
        .run();
  }
}

void Store::end_attempt(const JobId& job, int attempt, const JobFailure& failure, bool counts) {
  impl_
      ->write(
          "UPDATE attempts SET state = ?, kind = ?, text = ?, ended_at = ? WHERE job = ? AND attempt = ?"
          " AND state = 'running'")
      .bind(1, counts ? "failed" : "stopped")
      .bind(2, failure.kind)
      .bind(3, failure.text)
      .bind(4, now())
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

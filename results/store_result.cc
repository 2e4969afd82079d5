// Accepted results: the rows of one job's numbers, curves and files.
#include <fmt/format.h>

#include <system_error>

#include "results/store.h"
#include "results/store_impl.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

std::string numbers_as_json(const std::vector<double>& values) {
  return Json(values).dump();  // what is not finite becomes null
}

std::optional<int64_t> size_of(const fs::path& file) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  return error ? std::nullopt : std::optional(static_cast<int64_t>(bytes));
}

}  // namespace

bool Store::accept(const JobId& job, int attempt, const JobSuccess& success) {
  Statement& current = impl_->prepared("SELECT state, attempts FROM jobs WHERE id = ?");
  current.bind(1, job.hex);
  const bool superseded = !current.step() || current.text(0) == "done" || current.integer(1) > attempt;
  current.reset();
  if (superseded) {
    impl_->event("superseded", job, fmt::format("the result of attempt {} came too late", attempt));
    return false;
  }
  impl_->insert_result(job, attempt, success);
  impl_->accept_attempt(job, attempt);
  set_state(job, JobState::kDone, "");
  return true;
}

void Store::restore(const JobSpec& job, int attempt, const JobSuccess& success) {
  impl_
      ->write(
          "INSERT INTO jobs (id, position, stage, state, identity, seed, gang, at_epoch, stale)"
          " VALUES (?1, (SELECT count(*) FROM jobs), ?2, 'waiting', ?3, ?4, ?5, ?6, 1)"
          " ON CONFLICT (id) DO UPDATE SET identity = excluded.identity WHERE identity IS NOT excluded.identity")
      .bind(1, job.id.hex)
      .bind(2, stage_name(job.stage))
      .bind(3, canonical(job.identity))
      .bind(4, job.seed())
      .bind(5, job.gang)
      .bind(6, job.at_epoch)
      .run();
  impl_->remove_result(job.id);
  impl_->insert_result(job.id, attempt, success);
  impl_->accept_attempt(job.id, attempt);
  impl_->event("restored", job.id, fmt::format("the result of attempt {} from its file", attempt));
  set_state(job.id, JobState::kDone, "");
}

void Store::Impl::remove_result(const JobId& job) {
  write("DELETE FROM metrics WHERE job = ?").bind(1, job.hex).run();
  write("DELETE FROM curves WHERE job = ?").bind(1, job.hex).run();
  write("DELETE FROM artifacts WHERE job = ?").bind(1, job.hex).run();
  write("DELETE FROM environment WHERE job = ?").bind(1, job.hex).run();
  write("UPDATE attempts SET state = 'lost' WHERE job = ? AND state = 'accepted'").bind(1, job.hex).run();
}

void Store::Impl::accept_attempt(const JobId& job, int attempt) {
  write(
      "INSERT INTO attempts (job, attempt, state, gang, started_at, ended_at) VALUES (?1, ?2, 'accepted', '', ?3, ?3)"
      " ON CONFLICT DO UPDATE SET state = 'accepted', ended_at = coalesce(ended_at, excluded.ended_at)")
      .bind(1, job.hex)
      .bind(2, attempt)
      .bind(3, utc_now())
      .run();
  write("UPDATE jobs SET attempts = max(attempts, ?) WHERE id = ?").bind(1, attempt).bind(2, job.hex).run();
  write("DELETE FROM live_metrics WHERE job = ?").bind(1, job.hex).run();
}

void Store::Impl::insert_result(const JobId& job, int attempt, const JobSuccess& success) {
  for (const Metric& metric : success.metrics) {
    write("INSERT OR REPLACE INTO metrics (job, name, epoch, value) VALUES (?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, metric.name)
        .bind(3, metric.epoch)
        .bind(4, metric.value)
        .run();
    if (!metric.epoch) add_run_column("metric", metric.name);
  }
  for (const Curve& curve : success.curves) {
    write("INSERT OR REPLACE INTO curves (job, name, x_name, x, y) VALUES (?, ?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, curve.name)
        .bind(3, curve.x_name)
        .bind(4, numbers_as_json(curve.x))
        .bind(5, numbers_as_json(curve.y))
        .run();
  }
  const fs::path attempt_folder = folder / "jobs" / job.hex / "attempts" / std::to_string(attempt);
  for (const Artifact& artifact : success.artifacts) {
    write(
        "INSERT OR REPLACE INTO artifacts (job, attempt, path, sha256, kind, label, epoch, bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, attempt)
        .bind(3, artifact.path)
        .bind(4, artifact.sha256)
        .bind(5, artifact.kind)
        .bind(6, artifact.label)
        .bind(7, artifact.epoch)
        .bind(8, size_of(attempt_folder / artifact.path))
        .run();
  }
  for (const auto& [name, value] : success.environment.items()) {
    write("INSERT OR REPLACE INTO environment (job, name, value) VALUES (?, ?, ?)")
        .bind(1, job.hex)
        .bind(2, name)
        .bind(3, value.dump())
        .run();
  }
}

}  // namespace camsweep

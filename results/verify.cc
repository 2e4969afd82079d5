#include "results/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <variant>

#include "results/query.h"
#include "results/result_file.h"
#include "results/store.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Everything a check needs; `store` only where repairs are allowed.
struct Verification {
  fs::path folder;
  Depth depth;
  Database& database;
  Store* store;
  VerifyReport report;

  void fault(std::string text, RepairedFrom from = RepairedFrom::kNothing) {
    report.faults.push_back({std::move(text), from});
  }
};

void check_database(Verification& work) {
  Statement integrity(work.database, "PRAGMA integrity_check(20)");
  while (integrity.step()) {
    if (integrity.text(0) != "ok") work.fault("results.db: " + integrity.text(0));
  }
  Statement keys(work.database, "PRAGMA foreign_key_check");
  while (keys.step()) work.fault(fmt::format("results.db: table {} refers to a missing row", keys.text(0)));
}

struct Accepted {
  JobId job;
  int attempt = 0;
};

std::vector<Accepted> accepted_results(Database& database) {
  std::vector<Accepted> all;
  Statement rows(database, "SELECT job, attempt FROM attempts WHERE state = 'accepted' ORDER BY job");
  while (rows.step()) all.push_back({{rows.text(0)}, static_cast<int>(rows.integer(1))});
  return all;
}

std::optional<int> accepted_attempt(Database& database, const JobId& job) {
  Statement row(database, "SELECT attempt FROM attempts WHERE job = ? AND state = 'accepted'");
  row.bind(1, job.hex);
  return row.step() ? std::optional(static_cast<int>(row.integer(0))) : std::nullopt;
}

std::optional<std::string> stored_state(Database& database, const JobId& job) {
  Statement row(database, "SELECT state FROM jobs WHERE id = ?");
  row.bind(1, job.hex);
  return row.step() ? std::optional(row.text(0)) : std::nullopt;
}

// A result file that proves itself and stands where its job's belongs.
std::variant<ResultFile, DamagedFile> proven_file(const Verification& work, const JobId& job) {
  auto read = read_result_file(result_file_path(work.folder, job));
  const auto* file = std::get_if<ResultFile>(&read);
  if (file != nullptr && file->job != job) return DamagedFile{"holds the result of another job"};
  return read;
}

// None where the rows are damaged so that they cannot even be read.
std::optional<JobSuccess> readable_success(Database& database, const JobId& job) {
  try {
    return stored_success(database, job);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

// None without a row, and where its identity is not what the id is the hash of.
std::optional<JobSpec> proven_job(Database& database, const JobId& id) {
  try {
    std::optional<JobSpec> job = stored_job(database, id);
    return job && sha256(canonical(job->identity)) == id.hex ? job : std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void check_artifacts(Verification& work, const Accepted& accepted, const JobSuccess& success) {
  const fs::path attempt = work.folder / "jobs" / accepted.job.hex / "attempts" / std::to_string(accepted.attempt);
  for (const Artifact& artifact : success.artifacts) {
    ++work.report.files;
    const fs::path file = attempt / artifact.path;
    if (!fs::is_regular_file(file)) {
      work.fault(fmt::format("{} is missing", file.string()));
      continue;
    }
    const bool is_weights = artifact.kind == "weights" || artifact.kind == "snapshot";
    if ((work.depth == Depth::kAll || is_weights) && sha256_file(file) != artifact.sha256) {
      work.fault(fmt::format("{} does not have the SHA-256 that was recorded", file.string()));
    }
  }
}

bool has_artifacts(const Verification& work, const ResultFile& file) {
  const fs::path attempt = work.folder / "jobs" / file.job.hex / "attempts" / std::to_string(file.attempt);
  return std::all_of(file.success.artifacts.begin(), file.success.artifacts.end(),
                     [&](const Artifact& artifact) { return fs::is_regular_file(attempt / artifact.path); });
}

void take_from_file(Verification& work, const ResultFile& file, const std::string& wrong) {
  if (work.store != nullptr) work.store->restore(job_of(file), file.attempt, file.success);
  work.fault(wrong, work.store == nullptr ? RepairedFrom::kNothing : RepairedFrom::kFile);
}

void write_from_database(Verification& work, const Accepted& accepted, const std::optional<JobSuccess>& success,
                         const std::string& wrong) {
  const std::optional<JobSpec> job = proven_job(work.database, accepted.job);
  const bool repair = work.store != nullptr && job && success;
  if (repair) write_result_file(work.folder, *job, accepted.attempt, *success);
  work.fault(fmt::format("{} {}", result_file_path(work.folder, accepted.job).string(), wrong),
             repair ? RepairedFrom::kDatabase : RepairedFrom::kNothing);
}

// Rows have no checksum of their own. So of two that differ the file, which proves itself, holds the truth. It is the
// older one only where a crash came between the commit of a newer attempt and its file; the files of the older attempt
// may then be gone, and the rows are kept.
void check_result(Verification& work, const Accepted& accepted) {
  const std::optional<JobSuccess> success = readable_success(work.database, accepted.job);
  const auto read = proven_file(work, accepted.job);
  const auto* file = std::get_if<ResultFile>(&read);
  const std::string rows = "the rows of job " + accepted.job.short_form();
  if (file == nullptr) {
    write_from_database(work, accepted, success, std::get<DamagedFile>(read).reason);
  } else if (file->attempt != accepted.attempt && success && !has_artifacts(work, *file)) {
    write_from_database(work, accepted, success,
                        fmt::format("holds attempt {}, not {}", file->attempt, accepted.attempt));
  } else if (file->attempt != accepted.attempt) {
    take_from_file(work, *file,
                   fmt::format("{} hold attempt {}, their file attempt {}", rows, accepted.attempt, file->attempt));
  } else if (!success) {
    take_from_file(work, *file, rows + " cannot be read");
  } else if (!same_success(file->success, *success)) {
    take_from_file(work, *file, rows + " differ from the result file, which proves itself");
  }
  const std::optional<JobSuccess> settled = readable_success(work.database, accepted.job);
  const auto attempt = accepted_attempt(work.database, accepted.job);
  if (settled && attempt) check_artifacts(work, {accepted.job, *attempt}, *settled);
}

// What has a result file that proves itself, or is done, without an accepted attempt: its rows were lost.
void recover_lost_results(Verification& work) {
  std::set<std::string> jobs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(work.folder / "jobs", error)) {
    jobs.insert(entry.path().filename().string());
  }
  Statement done(work.database, "SELECT id FROM jobs WHERE state = 'done'");
  while (done.step()) jobs.insert(done.text(0));
  for (const std::string& hex : jobs) {
    const JobId job{hex};
    if (accepted_attempt(work.database, job)) continue;
    const auto read = proven_file(work, job);
    const std::optional<std::string> state = stored_state(work.database, job);
    if (const auto* file = std::get_if<ResultFile>(&read)) {
      take_from_file(work, *file,
                     fmt::format("the database lost {} {}", state ? "the result of job" : "job", job.short_form()));
      check_artifacts(work, {job, file->attempt}, file->success);
    } else if (state == "done") {
      work.fault(fmt::format("job {} is done, but the database lost its result, and {} {}", job.short_form(),
                             result_file_path(work.folder, job).string(), std::get<DamagedFile>(read).reason));
    }
  }
}

}  // namespace

bool VerifyReport::sound() const {
  return std::all_of(faults.begin(), faults.end(), [](const Fault& fault) { return fault.repaired(); });
}

VerifyReport verify_sweep(const fs::path& sweep_folder, Repair repair, Depth depth) {
  const auto verify = [&](Database& database, Store* store) {
    Verification work{.folder = sweep_folder, .depth = depth, .database = database, .store = store, .report = {}};
    check_database(work);
    for (const Accepted& accepted : accepted_results(database)) {
      ++work.report.results;
      check_result(work, accepted);
    }
    recover_lost_results(work);
    return std::move(work.report);
  };
  if (repair == Repair::kNo) {
    Database reader = open_reader(sweep_folder / "results.db");
    return verify(reader, nullptr);
  }
  Store store(sweep_folder);
  VerifyReport report = verify(store.database(), &store);
  store.commit();
  return report;
}

}  // namespace camsweep

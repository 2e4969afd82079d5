#include "results/verify.h"

#include <fmt/format.h>

#include <algorithm>

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

  void fault(std::string text, bool repaired = false) { report.faults.push_back({std::move(text), repaired}); }
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

// What is wrong with the file beside a row; "" if nothing.
std::string file_fault(const Verification& work, const Accepted& accepted, const JobSuccess& success) {
  const auto read = read_result_file(result_file_path(work.folder, accepted.job));
  if (const auto* damaged = std::get_if<DamagedFile>(&read)) return damaged->reason;
  const ResultFile& file = std::get<ResultFile>(read);
  if (file.attempt != accepted.attempt) return fmt::format("holds attempt {}, not {}", file.attempt, accepted.attempt);
  return same_success(file.success, success) ? "" : "differs from the database";
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

void check_results(Verification& work) {
  for (const Accepted& accepted : accepted_results(work.database)) {
    ++work.report.results;
    const JobSuccess success = stored_success(work.database, accepted.job);
    const std::string wrong = file_fault(work, accepted, success);
    if (!wrong.empty()) {
      const auto job = stored_job(work.database, accepted.job);
      const bool repair = work.store != nullptr && job.has_value();
      if (repair) write_result_file(work.folder, *job, accepted.attempt, success);
      work.fault(fmt::format("{} {}", result_file_path(work.folder, accepted.job).string(), wrong), repair);
    }
    check_artifacts(work, accepted, success);
  }
}

// A result file that proves itself, of a job that the database holds for not done: the row was lost.
void recover_lost_results(Verification& work) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(work.folder / "jobs", error)) {
    const JobId job{entry.path().filename().string()};
    const auto read = read_result_file(result_file_path(work.folder, job));
    const auto* file = std::get_if<ResultFile>(&read);
    if (file == nullptr || !stored_job(work.database, job)) continue;
    Statement state(work.database, "SELECT state FROM jobs WHERE id = ?");
    state.bind(1, job.hex);
    if (!state.step() || state.text(0) == "done") continue;
    const bool repaired = work.store != nullptr && work.store->accept(job, file->attempt, file->success);
    work.fault(fmt::format("the database lost the result of job {}", job.short_form()), repaired);
  }
}

}  // namespace

bool VerifyReport::sound() const {
  return std::all_of(faults.begin(), faults.end(), [](const Fault& fault) { return fault.repaired; });
}

VerifyReport verify_sweep(const fs::path& sweep_folder, Repair repair, Depth depth) {
  const auto verify = [&](Database& database, Store* store) {
    Verification work{.folder = sweep_folder, .depth = depth, .database = database, .store = store, .report = {}};
    check_database(work);
    check_results(work);
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

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "results/database.h"
#include "schemas/job_spec.h"
#include "schemas/outcome.h"

namespace camsweep {

// The content of `jobs/<id>/result.json`, whose SHA-256 over the canonical rest held when it was read.
struct ResultFile {
  JobId job;
  int attempt = 0;
  Json identity;  // its SHA-256 is the job's id: that was checked too
  JobSuccess success;
};

// Why a file proves nothing: "is missing", "is no JSON", "does not match its own SHA-256", ...
struct DamagedFile {
  std::string reason;
};

std::filesystem::path result_file_path(const std::filesystem::path& sweep_folder, const JobId& job);
std::variant<ResultFile, DamagedFile> read_result_file(const std::filesystem::path& file);

// The job that a result file is of, as far as its identity tells.
JobSpec job_of(const ResultFile& file);

// A job as the database knows it: with stage, identity, gang and snapshot. None if there is no such row.
std::optional<JobSpec> stored_job(Database& database, const JobId& job);

// The rows of an accepted job, as they were accepted (order aside).
JobSuccess stored_success(Database& database, const JobId& job);

// Equal if every number, curve, file and fact is; their order does not matter.
bool same_success(const JobSuccess& a, const JobSuccess& b);

}  // namespace camsweep

#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "orchestrator/sweep_folder.h"
#include "schemas/job_spec.h"
#include "schemas/outcome.h"

namespace camsweep {

// Makes an attempt's folder, empty, and job.json beside `attempts/` at a job's first. Returns the folder.
std::filesystem::path prepare_attempt(const SweepFolder& folder, const JobSpec& job, int attempt);

// What the ranks of an attempt wrote when they failed alone: the earliest failure.rank<k>.json, if any can be read.
std::optional<JobFailure> failure_record(const std::filesystem::path& attempt);

// The last 20 lines of the attempt's log and where it lies, to stand below a failure's sentence; "" without a log.
// It is the log of the rank that failed first, where that is known, else rank 0's.
std::string log_evidence(const std::filesystem::path& attempt);

// The last `lines` lines of a file, of its last 64 KiB at most, as valid UTF-8; "" if it cannot be read.
std::string tail(const std::filesystem::path& file, int lines);

}  // namespace camsweep

#pragma once

#include <string>
#include <vector>

#include "orchestrator/sweep_folder.h"
#include "schemas/job_spec.h"

namespace camsweep {

// What a command asks of the scheduler that runs the sweep: a small JSON file in requests/, read within a second.
struct Request {
  std::string kind;               // "retry"
  std::vector<std::string> jobs;  // ids or the beginnings of ids; empty = all that apply
};

void leave_request(const SweepFolder& folder, const Request& request);

// Reads and removes what lies there, oldest first. A file that is no request is removed and returned as kind
// "unreadable" with its name in `jobs`.
std::vector<Request> take_requests(const SweepFolder& folder);

// The jobs whose ids begin so. Throws ConfigError: none does, or several do.
std::vector<JobId> resolve_jobs(const std::vector<std::string>& beginnings, const std::vector<JobId>& known);

}  // namespace camsweep

#pragma once

#include <compare>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/messages.h"
#include "schemas/outcome.h"

// What can happen to a running sweep. Whoever watches processes, files and signals turns what it sees into
// these.
namespace camsweep {

// A gang of this run. Numbers are never used twice, so an event of a dead gang cannot be taken for a living
// one's.
struct GangId {
  int number = 0;
  auto operator<=>(const GangId&) const = default;
};

struct GangMessage {
  GangId gang;
  FromGang message;
};

// The gang is lost: a rank or mpirun ended, or its channel broke. Processes of it may still live.
struct GangExited {
  GangId gang;
  std::string how;  // one sentence
};

// No process of the gang is left, so its slots are free. `record` is what its ranks wrote before they left:
// the earliest failure.rank<k>.json of the attempt it ran.
struct GangReaped {
  GangId gang;
  std::optional<JobFailure> record;
};

// What was recorded about this attempt's end is durable.
struct Recorded {
  JobId job;
  int attempt = 1;
};

// SIGINT, SIGTERM or SIGUSR1. The first asks for checkpoints, the second stops at once.
struct StopRequested {};

// Failed and blocked jobs get their attempts back; an empty list means all of them.
struct RetryRequested {
  std::vector<JobId> jobs;
};

// Time went by. Comes at least once a second, after everything that the gangs had sent was handed over.
struct Tick {};

using Event = std::variant<GangMessage, GangExited, GangReaped, Recorded, StopRequested, RetryRequested, Tick>;

}  // namespace camsweep

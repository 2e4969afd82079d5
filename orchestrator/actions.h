#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "orchestrator/events.h"
#include "results/store.h"
#include "schemas/error.h"

// What the scheduler wants done, in the order given.
namespace camsweep {

struct StartGang {
  GangId gang;
  std::vector<int> slots;  // one rank per slot, ascending
};

// Gives the gang an attempt of a job: folder, row and message.
struct Assign {
  GangId gang;
  JobId job;
  int attempt = 1;
};

struct Send {
  GangId gang;
  ToGang message;
};

// Ends every process of the gang; GangReaped answers when none is left.
struct KillGang {
  GangId gang;
};

// Both are answered by Recorded once they are durable.
struct RecordSuccess {
  JobId job;
  int attempt = 1;
  JobSuccess success;
};
struct RecordFailure {
  JobId job;
  int attempt = 1;
  JobFailure failure;
  bool counts = true;  // towards max_attempts
};

struct RecordState {
  JobId job;
  JobState state = JobState::kWaiting;
  std::string reason;
};
struct RecordReset {
  JobId job;
};
struct RecordProgress {
  Progress progress;
};
struct RecordMetric {
  LiveMetric live;
};

// A line for the events table; `aloud` also for the person who watches.
struct Note {
  std::string kind;
  std::optional<JobId> job;
  std::string text;
  bool aloud = false;
};

// The run is over: nothing runs and nothing waits to be recorded.
struct Finish {
  ExitCode code = ExitCode::kDone;
  std::string reason;              // "" or why the run ended early
  std::optional<GangId> evidence;  // the gang whose log tells more
};

using Action = std::variant<StartGang, Assign, Send, KillGang, RecordSuccess, RecordFailure, RecordState, RecordReset,
                            RecordProgress, RecordMetric, Note, Finish>;

}  // namespace camsweep

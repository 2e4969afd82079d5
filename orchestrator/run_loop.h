#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/clock.h"
#include "orchestrator/gangs.h"
#include "orchestrator/progress_line.h"
#include "orchestrator/publishing.h"
#include "orchestrator/records.h"
#include "orchestrator/scheduler.h"
#include "orchestrator/sweep_folder.h"

namespace camsweep {

// Carries out what the scheduler decides and tells it what happened, until it finishes. The one loop of a run: gangs,
// records, requests and the clock meet here.
//
// Group commit: ends of attempts that arrive within 5 ms share one commit, and are told to the scheduler as Recorded
// after it. Progress and live metrics alone are committed once a second.
class RunLoop {
 public:
  struct Parts {
    Scheduler& scheduler;
    const std::vector<JobSpec>& jobs;
    SweepFolder folder;  // absolute
    Records& records;
    Gangs& gangs;
    const Clock& clock;
    ProgressLine& progress;
    KeepState keep_state = KeepState::kNo;
  };
  explicit RunLoop(Parts parts);

  // Throws Error if the environment fails (a full disk): what was committed by then is durable, gangs are the
  // caller's to end.
  Finish run();

 private:
  // An end of an attempt that the next commit makes durable.
  struct Ended {
    JobId job;
    int attempt = 1;
    std::optional<JobSuccess> success;
  };
  enum class Urgency { kLazy, kSoon };

  void handle(Event event);
  void perform(const StartGang& action);
  void perform(const Assign& action);
  void perform(const Send& action);
  void perform(const KillGang& action);
  void perform(const RecordSuccess& action);
  void perform(const RecordFailure& action);
  void perform(const RecordState& action);
  void perform(const RecordReset& action);
  void perform(const RecordProgress& action);
  void perform(const RecordMetric& action);
  void perform(const Note& action);
  void perform(const Finish& action);

  std::optional<Assignment> assignment_for(const Assign& action);
  void written(Urgency urgency);
  double next_wake_s() const;
  void commit();
  void read_requests();

  Parts parts_;
  std::unordered_map<JobId, const JobSpec*> specs_;
  std::map<GangId, std::pair<JobId, int>> assigned_;  // what each gang was given last
  std::deque<Event> pending_;                         // what an action itself led to
  std::vector<Ended> ended_;
  std::optional<double> commit_at_s_;
  double tick_at_s_ = 0;
  double requests_at_s_ = 0;
  std::string evidence_;  // of the failure recorded last
  std::optional<Finish> finish_;
};

}  // namespace camsweep

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/actions.h"
#include "orchestrator/events.h"
#include "orchestrator/job_table.h"
#include "results/remaining_time.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

struct SchedulerOptions {
  int slots = 1;
  Limits limits;
  std::string build;                             // the commit that gangs must be built from
  double stop_s = 60;                            // how long gangs may take to write a checkpoint after a stop
  double farewell_s = 5;                         // how long a gang may take to leave after `exit`
  std::map<Stage, JobDurations> durations = {};  // of jobs that earlier runs finished: what the first estimate rests on
};

// What a person who waits wants to know.
struct RunStatus {
  JobCounts jobs;
  int gangs = 0;
  double images_per_s = 0;  // all running gangs together
  std::optional<RemainingTime> eta;
};

// Decides what runs next: a pure state machine, no clock, process, file or database. Each event returns the
// actions to carry out, in order. Rules:
// - Jobs of one size run in plan order. A warm gang takes the next job of its size; it leaves when no such
// job is
//   ready and a job of another size needs its slots, or after a failure.
// - A result influences nothing before Recorded says that it is durable: only then comes the ack, and are the
// jobs
//   released that need it. The gang itself may start on its next job earlier.
// - A job of a lost gang is judged when the gang is reaped, so two attempts of a job never overlap. Until
// then a
//   finished result that was still in the pipe is taken.
// Times are seconds of a clock that never goes back.
class Scheduler {
 public:
  Scheduler(const std::vector<JobSpec>& jobs, const std::unordered_map<JobId, JobRecord>& records,
            SchedulerOptions options);

  // The first actions, before any event.
  std::vector<Action> start(double now_s);
  std::vector<Action> step(const Event& event, double now_s);

  RunStatus status(double now_s) const;
  bool finished() const { return finished_; }

 private:
  struct Work {
    size_t job = 0;
    int attempt = 1;
    double since_s = 0;
    double step_s = 0;  // when the step counter last moved
    double recorded_s = 0;
    Progress last;
  };
  enum class GangPhase { kStarting, kReady, kLeaving };
  struct Gang {
    std::vector<int> slots;
    GangPhase phase = GangPhase::kStarting;
    double since_s = 0;  // entered the phase
    double heard_s = 0;
    std::optional<Work> work;
    int unacknowledged = 0;  // outcomes that are not durable yet
    bool killed = false;
    bool told_to_exit = false;
    std::optional<JobFailure> cause;  // why it was given up
    int size() const { return static_cast<int>(slots.size()); }
    bool idle() const { return phase == GangPhase::kReady && !work; }
  };
  using Gangs = std::map<GangId, Gang>;

  void on(const GangMessage& event);
  void on(const GangExited& event);
  void on(const GangReaped& event);
  void on(const Recorded& event);
  void on(const StopRequested& event);
  void on(const RetryRequested& event);
  void on(const Tick& event);

  void hear(GangId id, Gang& gang, const Ready& ready);
  void hear(GangId id, Gang& gang, const Progress& progress);
  void hear(GangId id, Gang& gang, const LiveMetric& live);
  void hear(GangId id, Gang& gang, const CheckpointWritten& checkpoint);
  void hear(GangId id, Gang& gang, const Outcome& outcome);
  bool current(GangId id, const Gang& gang, const JobId& job, int attempt, std::string_view what);

  void end_attempt(const Work& work, const JobFailure& failure);
  void start_failed(GangId id, const JobFailure& cause);
  void lose(GangId id, Gang& gang, JobFailure cause);
  void retire(GangId id, Gang& gang);
  void kill(GangId id, Gang& gang);
  void close(ExitCode code, const std::string& reason);
  void judge(GangId id, Gang& gang);
  void forgive_pause();

  void decide();
  void hand_out_jobs();
  void start_gangs();
  bool make_room(int size, int free, int leaving);
  void finish_if_over();
  bool nothing_fits() const;
  std::string too_large(size_t job) const;

  void act(Action action) { actions_.push_back(std::move(action)); }
  void note(const std::string& kind, const std::optional<JobId>& job, const std::string& text);

  JobTable jobs_;
  SchedulerOptions options_;
  Gangs gangs_;
  std::set<int> free_slots_;
  std::map<std::pair<JobId, int>, GangId> unrecorded_;  // ends of attempts on their way to the disk
  int next_gang_ = 1;
  int start_failures_ = 0;  // in a row
  double now_s_ = 0;
  double last_tick_s_ = 0;

  std::optional<double> closing_since_s_;  // no new work: a stop, or the environment is broken
  ExitCode closing_code_ = ExitCode::kInterrupted;
  std::string closing_reason_;
  std::optional<GangId> evidence_;
  bool finished_ = false;

  std::vector<Action> actions_;
};

}  // namespace camsweep

#include "orchestrator/run_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "orchestrator/job_folder.h"
#include "orchestrator/lock.h"
#include "orchestrator/mpi_gangs.h"
#include "orchestrator/publishing.h"
#include "orchestrator/report_stamp.h"
#include "orchestrator/requests.h"
#include "orchestrator/retry.h"
#include "orchestrator/run_loop.h"
#include "orchestrator/shell_words.h"
#include "results/database.h"
#include "results/status.h"
#include "schemas/files.h"
#include "version.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultRuns = "runs";  // of --runs

using JobRecords = std::unordered_map<JobId, JobRecord>;

void refuse_foreign_folder(Store& store, const fs::path& sweep_file, const SweepFolder& folder) {
  Statement origin(store.database(), "SELECT file FROM sweeps");
  if (!origin.step() || origin.text(0) == sweep_file) return;
  throw ConfigError(
      fmt::format("{} was made from {}, not from {}: rename this sweep, or take the folder over with --adopt",
                  folder.root.string(), origin.text(0), sweep_file.string()));
}

void copy_sweep_file(const Plan& plan, const SweepFolder& folder) {
  std::ifstream in(folder.sweep_file(), std::ios::binary);
  const std::string before((std::istreambuf_iterator<char>(in)), {});
  if (!in.is_open() || before != plan.spec.text) write_file(folder.sweep_file(), plan.spec.text);
}

// Draws the report unless it shows the sweep as it stands.
void update_report(const RunOptions& options, const SweepFolder& folder, Store& store) {
  const std::string stamp = report_stamp(store.database());
  if (!options.report || report_is_current(folder, stamp)) return;
  options.report(folder);
  mark_report_current(folder, stamp);
}

// Requests that came when no scheduler listened: between a run's last look and the end of its report.
void apply_requests(Store& store, const SweepFolder& folder) {
  for (const Request& request : take_requests(folder)) {
    try {
      if (request.kind != "retry") throw ConfigError(fmt::format("unknown request '{}'", request.kind));
      const size_t jobs = retry_jobs(store, request.jobs);
      fmt::print(stderr, "as `camsweep retry` asked, {} {} again\n", jobs, jobs == 1 ? "job waits" : "jobs wait");
    } catch (const ConfigError& error) {
      fmt::print(stderr, "request ignored: {}\n", error.what());
    }
  }
}

JobRecords register_plan(Store& store, const Plan& plan, const fs::path& sweep_file) {
  store.register_plan({.name = plan.spec.name,
                       .file = sweep_file,
                       .text = plan.spec.text,
                       .report = plan.spec.report,
                       .mark_stale = !plan.partial},
                      plan.cells, plan.jobs, plan.cell_jobs);
  store.commit();
  return store.job_records();
}

fs::path required_program(const fs::path& program) {
  const std::optional<fs::path> found = find_program(program);
  if (!found) throw Error(ExitCode::kEnvironment, fmt::format("{} was not found: install it", program.string()));
  return *found;
}

// What gangs are started with.
struct Launcher {
  SlotPlan slots;
  fs::path mpirun;
  fs::path rank_program;
  fs::path worker_program;
};

SlotPlan slots_for(const RunOptions& options, const JobTable& table) {
  SlotOptions wanted{.count = options.slots, .hostfile = options.hostfile};
  for (size_t job = 0; job < table.size(); ++job) {
    using Phase = JobTable::Phase;
    const Phase phase = table.phase(job);
    if (phase == Phase::kDone) continue;
    const bool failed = phase == Phase::kFailed || phase == Phase::kBlocked;
    int& largest = failed ? wanted.failed_gang : wanted.largest_gang;
    largest = std::max(largest, table.gang(job));
  }
  return plan_slots(wanted, this_machine());
}

Launcher launcher_for(const RunOptions& options, const JobTable& table) {
  return {.slots = slots_for(options, table),
          .mpirun = required_program("mpirun"),
          .rank_program = required_program(options.programs / "camsweep-rank"),
          .worker_program = required_program(options.programs / "camsweep-worker")};
}

KeepState keep_state(const Plan& plan) { return plan.spec.keep_state ? KeepState::kYes : KeepState::kNo; }

struct Ending {
  Finish finish;
  RunStatus status;
  std::string evidence;  // the last lines of a gang's log
};

Ending run_jobs(const Launcher& launcher, const Plan& plan, const SweepFolder& folder, Store& store,
                const JobRecords& records) {
  const SteadyClock clock;
  Scheduler scheduler(plan.jobs, records,
                      {.slots = static_cast<int>(launcher.slots.slots.size()),
                       .limits = plan.spec.limits,
                       .build = kCommit,
                       .durations = job_durations(store.database())});
  ProgressLine progress(stderr, ProgressLine::style_of(stderr));
  StoredRecords stored(store, folder.root);
  MpiGangs gangs({.mpirun = launcher.mpirun,
                  .rank_program = launcher.rank_program,
                  .worker_program = launcher.worker_program,
                  .folder = folder,
                  .gangs_lock = gangs_lock(folder),
                  .build = kCommit,
                  .slots = launcher.slots});
  RunLoop loop({.scheduler = scheduler,
                .jobs = plan.jobs,
                .folder = folder,
                .records = stored,
                .gangs = gangs,
                .clock = clock,
                .progress = progress,
                .keep_state = keep_state(plan)});
  Ending ending;
  ending.finish = loop.run();
  ending.status = scheduler.status(clock.now_s());
  if (ending.finish.evidence) {
    constexpr int kLines = 20;
    const fs::path log = gangs.log(*ending.finish.evidence);
    ending.evidence = fmt::format("{}\n(the last lines of {})", tail(log, kLines), log.string());
  }
  return ending;
}

// `camsweep COMMAND SWEEP` where this run's sweep lies.
std::string about_sweep(const std::string& command, const RunOptions& options, const Plan& plan) {
  std::vector<std::string> words = {"camsweep", command, plan.spec.name};
  if (options.runs != kDefaultRuns) words.insert(words.end(), {"--runs", options.runs});
  return shell_line(words);
}

// What the run came to, in a sentence or two for the person who started it.
ExitCode conclude(const Ending& ending, const RunOptions& options, const Plan& plan) {
  const Finish& finish = ending.finish;
  if (!finish.reason.empty()) {
    const std::string evidence = ending.evidence.empty() ? "" : "\n" + ending.evidence;
    throw Error(finish.code, finish.reason + evidence);
  }
  fmt::print(stderr, "{}\n", progress_text(ending.status));
  if (finish.code == ExitCode::kInterrupted) {
    fmt::print(stderr, "interrupted; nothing is lost, continue with: {}\n", same_command(options));
  } else if (finish.code == ExitCode::kJobsFailed) {
    fmt::print(stderr, "see `{}`; try again with: {}\n", about_sweep("jobs", options, plan),
               about_sweep("retry", options, plan));
  }
  return finish.code;
}

ExitCode nothing_to_do(const JobCounts& counts, const RunOptions& options, const Plan& plan) {
  fmt::print(stderr, "nothing to do: {} {} done\n", counts.done, counts.done == 1 ? "job" : "jobs");
  if (counts.failed + counts.blocked == 0) return ExitCode::kDone;
  fmt::print(stderr, "{} failed, {} blocked; try again with: {}\n", counts.failed, counts.blocked,
             about_sweep("retry", options, plan));
  return ExitCode::kJobsFailed;
}

}  // namespace

std::string same_command(const RunOptions& options) {
  std::vector<std::string> words = {"camsweep", "run", options.sweep_file};
  const auto add = [&](const std::vector<std::string>& more) { words.insert(words.end(), more.begin(), more.end()); };
  add(options.plan.overrides);
  for (const std::string& only : options.plan.only) add({"--only", only});
  if (!options.plan.checkpoints.empty()) add({"--checkpoints", options.plan.checkpoints});
  if (options.slots) add({"--slots", std::to_string(*options.slots)});
  if (options.hostfile) add({"--hostfile", *options.hostfile});
  if (!options.report) add({"--no-report"});
  if (options.runs != kDefaultRuns) add({"--runs", options.runs});
  return shell_line(words);
}

ExitCode run_sweep(const RunOptions& options) try {
  const Plan plan = make_plan(options.sweep_file, options.plan);
  for (const std::string& line : plan.notes) fmt::print(stderr, "{}\n", line);
  const fs::path sweep_file = fs::absolute(options.sweep_file).lexically_normal();
  const SweepFolder folder{fs::absolute(options.runs / plan.spec.name).lexically_normal()};
  const SweepLock lock = SweepLock::acquire(folder);
  wait_for_old_gangs(folder, SteadyClock());
  // Whatever can refuse the run comes before the first change: a refused run leaves the sweep as it was.
  std::optional<Store> store;
  JobRecords before;
  if (fs::exists(folder.database())) {
    store.emplace(folder.root);
    if (options.adoption == Adoption::kRefuse) refuse_foreign_folder(*store, sweep_file, folder);
    apply_requests(*store, folder);
    before = store->job_records();
  }
  const JobTable table(plan.jobs, before);
  const bool idle = table.counts().waiting == 0;
  std::optional<Launcher> launcher;
  if (!idle) launcher = launcher_for(options, table);
  if (!store) store.emplace(folder.root);
  const JobRecords records = register_plan(*store, plan, sweep_file);
  publish_unfinished(*store, folder, keep_state(plan));
  copy_sweep_file(plan, folder);
  const ExitCode code = idle ? nothing_to_do(table.counts(), options, plan)
                             : conclude(run_jobs(*launcher, plan, folder, *store, records), options, plan);
  if (code != ExitCode::kInterrupted) update_report(options, folder, *store);
  apply_requests(*store, folder);  // those that came after the run's last look
  return code;
} catch (const Error& error) {
  if (error.code() != ExitCode::kDiskFull) throw;
  throw Error(error.code(),
              fmt::format("{}; what was recorded is safe: free some space and run the same command", error.what()));
}

}  // namespace camsweep

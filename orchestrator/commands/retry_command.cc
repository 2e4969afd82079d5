#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/job_table.h"
#include "orchestrator/lock.h"
#include "orchestrator/requests.h"
#include "orchestrator/sweep_folder.h"
#include "results/database.h"

namespace camsweep {
namespace {

struct Arguments {
  std::vector<std::string> words;  // [SWEEP] [JOB..]
  bool failed = false;
};

struct Target {
  SweepFolder folder;
  std::vector<std::string> jobs;
};

bool looks_like_a_job(const std::string& word) {
  return word.size() >= 6 && word.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// The first word may already be a job of the latest sweep.
Target target_of(const std::filesystem::path& runs, std::vector<std::string> words) {
  std::string sweep;
  if (!words.empty() && (!looks_like_a_job(words[0]) || std::filesystem::exists(runs / words[0]))) {
    sweep = words[0];
    words.erase(words.begin());
  }
  return {.folder = find_sweep(runs, sweep), .jobs = std::move(words)};
}

// The jobs as the database knows them: enough to see who needs whom.
std::vector<JobSpec> stored_jobs(Store& store) {
  std::vector<JobSpec> jobs;
  Statement rows(store.database(), "SELECT id, stage, gang, identity FROM jobs ORDER BY position");
  while (rows.step()) {
    JobSpec job;
    job.id = {rows.text(0)};
    job.stage = stage_from_name(rows.text(1)).value_or(Stage::kTrain);
    job.gang = static_cast<int>(rows.integer(2));
    for (const Json& needed : Json::parse(rows.text(3)).value("needs", Json::array())) {
      job.needs.push_back({needed.get<std::string>()});
    }
    jobs.push_back(std::move(job));
  }
  std::stable_partition(jobs.begin(), jobs.end(), [](const JobSpec& job) { return job.needs.empty(); });
  return jobs;
}

struct Reset {
  size_t jobs = 0;
  std::string sweep_file;  // that the sweep was made from
};

Reset reset_jobs(const SweepFolder& folder, const std::vector<std::string>& beginnings) {
  Store store(folder.root);
  const std::vector<JobSpec> jobs = stored_jobs(store);
  JobTable table(jobs, store.job_records());
  std::vector<JobId> known;
  for (const JobSpec& job : jobs) known.push_back(job.id);
  Reset reset;
  for (const JobId& id : beginnings.empty() ? known : resolve_jobs(beginnings, known)) {
    for (const size_t changed : table.retry(table.find(id).value())) {
      store.reset(table.id(changed));
      ++reset.jobs;
    }
  }
  store.commit();
  Statement origin(store.database(), "SELECT file FROM sweeps");
  if (origin.step()) reset.sweep_file = origin.text(0);
  return reset;
}

void retry(const Target& target) {
  const std::optional<SweepLock> lock = SweepLock::try_acquire(target.folder);
  if (!lock) {
    leave_request(target.folder, {.kind = "retry", .jobs = target.jobs});
    fmt::print(stderr, "the running scheduler was asked to retry\n");
    return;
  }
  const Reset reset = reset_jobs(target.folder, target.jobs);
  if (reset.jobs == 0) {
    fmt::print(stderr, "nothing to retry: no such job failed or is blocked\n");
  } else {
    fmt::print(stderr, "{} {} again: continue with `camsweep run {}`\n", reset.jobs,
               reset.jobs == 1 ? "job waits" : "jobs wait", reset.sweep_file);
  }
}

}  // namespace

void add_retry_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("retry", "Give failed jobs, and those they block, their attempts back.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("words", arguments->words, "the sweep (default: the latest) and jobs (default: all failed)")
      ->type_name("[SWEEP] [JOB..]");
  command->add_flag("--failed", arguments->failed, "all failed jobs; the default where no job is named");
  command->footer("Works beside a running scheduler too. Example:\n  camsweep retry quickstart 5ca1ab1e");
  command->callback([arguments, &line] {
    Target target = target_of(line.runs, arguments->words);
    if (arguments->failed) target.jobs.clear();
    retry(target);
  });
}

}  // namespace camsweep

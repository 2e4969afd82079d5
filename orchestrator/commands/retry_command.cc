#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/lock.h"
#include "orchestrator/requests.h"
#include "orchestrator/retry.h"
#include "orchestrator/run_sweep.h"
#include "orchestrator/sweep_folder.h"
#include "results/database.h"
#include "results/store.h"

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

// Overrides are not recorded: who gave some has to give them again.
std::string advice(Store& store, const std::filesystem::path& runs) {
  RunOptions options;
  Statement origin(store.database(), "SELECT file FROM sweeps");
  if (origin.step()) options.sweep_file = origin.text(0);
  options.runs = runs;
  options.report = [](const SweepFolder&) {};
  return fmt::format("continue with: {}  (and the overrides that those jobs had, if any)", same_command(options));
}

void retry(const Target& target, const std::filesystem::path& runs) {
  const std::optional<SweepLock> lock = SweepLock::try_acquire(target.folder);
  if (!lock) {
    leave_request(target.folder, {.kind = "retry", .jobs = target.jobs});
    fmt::print(stderr, "the running scheduler was asked to retry\n");
    return;
  }
  Store store(target.folder.root);
  const size_t jobs = retry_jobs(store, target.jobs);
  if (jobs == 0) {
    fmt::print(stderr, "nothing to retry: no such job failed or is blocked\n");
    return;
  }
  fmt::print(stderr, "{} {} again; {}\n", jobs, jobs == 1 ? "job waits" : "jobs wait", advice(store, runs));
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
    retry(target, line.runs);
  });
}

}  // namespace camsweep

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "orchestrator/text_table.h"
#include "results/query.h"
#include "results/status.h"
#include "schemas/text.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  bool json = false;
};

std::string short_id(const std::string& id) { return JobId{id}.short_form(); }

std::string progress_text(const RunningJob& job) {
  if (!job.step) return "starting";
  std::string text = fmt::format("step {}", *job.step);
  if (job.steps.value_or(0) > 0) text += fmt::format(" of {}", *job.steps);
  if (job.epoch.value_or(0) > 0) text = fmt::format("epoch {}, ", *job.epoch) + text;
  return text;
}

void print_stages(const SweepStatus& status) {
  TextTable table({"stage", "jobs", "done", "running", "failed", "blocked", "waiting", "mean time"});
  const auto row = [&](const std::string& name, const StateCounts& counts, const std::string& time) {
    const auto text = [&](JobState state) { return std::to_string(counts[state]); };
    table.add({name, std::to_string(counts.total()), text(JobState::kDone), text(JobState::kRunning),
               text(JobState::kFailed), text(JobState::kBlocked), text(JobState::kWaiting), time});
  };
  for (const StageStatus& stage : status.stages) {
    const std::optional<double> mean_s = stage.mean_duration_s();
    row(stage.stage, stage.counts, mean_s ? format_duration(*mean_s) : "");
  }
  row("total", status.counts, "");
  fmt::print("{}", table.text());
}

void print_running(const SweepStatus& status) {
  if (status.running.empty()) return;
  TextTable table({"running", "stage", "attempt", "for", "images/s", "progress"});
  for (const RunningJob& job : status.running) {
    table.add({short_id(job.job), job.stage, std::to_string(job.attempt), format_duration(job.age_s),
               job.images_per_s ? fmt::format("{:.1f}", *job.images_per_s) : "", progress_text(job)});
  }
  fmt::print("\n{}", table.text());
}

void print_failed(const SweepStatus& status) {
  if (status.last_failed.empty()) return;
  fmt::print("\nlast failed (`camsweep logs last` shows why):\n");
  for (const FailedJob& job : status.last_failed) {
    fmt::print("{}  {}  {}\n", short_id(job.job), job.stage, job.reason.substr(0, job.reason.find('\n')));
  }
}

void print_text(const SweepStatus& status) {
  const int64_t done = status.counts[JobState::kDone];
  const int64_t open = status.counts[JobState::kWaiting] + status.counts[JobState::kRunning];
  fmt::print("{}: {} of {} jobs done{}\n\n", status.sweep, done, status.counts.total(),
             open > 0 ? ", " + remaining_text(status.eta) : "");
  print_stages(status);
  print_running(status);
  print_failed(status);
}

}  // namespace

void add_status_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("status", "Show how far a sweep is, what runs and what failed.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of the sweep; the latest if not given");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Example:\n  camsweep status quickstart");
  command->callback([arguments, &line] {
    Database database = open_reader(find_sweep(line.runs, arguments->sweep).database());
    const SweepStatus status = read_status(database);
    if (arguments->json) {
      fmt::print("{}\n", printable_json(to_json(status), 2));
    } else {
      print_text(status);
    }
  });
}

}  // namespace camsweep

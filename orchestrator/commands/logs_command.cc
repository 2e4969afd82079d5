#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/job_folder.h"
#include "orchestrator/requests.h"
#include "orchestrator/sweep_folder.h"
#include "results/query.h"

namespace camsweep {
namespace {

struct Arguments {
  std::vector<std::string> words;  // [SWEEP] JOB
  int rank = 0;
  std::optional<int> attempt;
  int lines = 50;
};

JobId last_failed(Database& database) {
  Statement row(database,
                "SELECT attempts.job FROM attempts JOIN jobs ON jobs.id = attempts.job"
                " WHERE attempts.state = 'failed' ORDER BY jobs.state = 'failed' DESC, attempts.ended_at DESC LIMIT 1");
  if (!row.step()) throw ConfigError("no attempt failed; name a job (`camsweep jobs` lists them)");
  return {row.text(0)};
}

JobId find_job(Database& database, const std::string& beginning) {
  if (beginning == "last") return last_failed(database);
  std::vector<JobId> known;
  Statement rows(database, "SELECT id FROM jobs");
  while (rows.step()) known.push_back({rows.text(0)});
  return resolve_jobs({beginning}, known).front();
}

int latest_attempt(Database& database, const JobId& job) {
  Statement row(database, "SELECT attempts FROM jobs WHERE id = ?");
  row.bind(1, job.hex);
  const int attempts = row.step() ? static_cast<int>(row.integer(0)) : 0;
  if (attempts == 0) throw ConfigError("job " + job.short_form() + " was not started yet: it has no log");
  return attempts;
}

void print_log(const Arguments& arguments, const CommandLine& line) {
  const bool names_sweep = arguments.words.size() == 2;
  const SweepFolder folder = find_sweep(line.runs, names_sweep ? arguments.words[0] : "");
  Database database = open_reader(folder.database());
  const JobId job = find_job(database, arguments.words.back());
  const int attempt = arguments.attempt ? *arguments.attempt : latest_attempt(database, job);
  const std::filesystem::path log = folder.attempt(job, attempt) / fmt::format("rank{}.log", arguments.rank);
  if (!std::filesystem::exists(log)) {
    throw ConfigError(fmt::format("job {} has no log of rank {} in attempt {}: {} does not exist", job.short_form(),
                                  arguments.rank, attempt, log.string()));
  }
  fmt::print(stderr, "{}\n", log.string());
  const std::string text = tail(log, arguments.lines);
  if (!text.empty()) fmt::print("{}\n", text);
}

}  // namespace

void add_logs_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("logs", "Print the end of a job's log.");
  command
      ->add_option(
          "words", arguments->words,
          "the sweep (the latest if not given) and the beginning of a job's id, or `last`: the last that failed")
      ->type_name("[SWEEP] JOB")
      ->required()
      ->expected(1, 2);
  command->add_option("--rank", arguments->rank, "whose log")->check(CLI::NonNegativeNumber)->capture_default_str();
  command->add_option("--attempt", arguments->attempt, "number of the attempt; the latest if not given");
  command->add_option("--lines", arguments->lines, "how many")->check(CLI::PositiveNumber)->capture_default_str();
  command->footer("Example:\n  camsweep logs last --lines 20");
  command->callback([arguments, &line] { print_log(*arguments, line); });
}

}  // namespace camsweep

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "orchestrator/text_table.h"
#include "results/export.h"
#include "results/query.h"
#include "schemas/job_spec.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  std::vector<std::string> states;
  std::vector<std::string> stages;
  std::string where;
  bool json = false;
};

size_t column_of(const ResultRows& rows, const std::string& name) {
  const auto found = std::find(rows.columns.begin(), rows.columns.end(), name);
  CAMSWEEP_CHECK(found != rows.columns.end(), "the view runs has the column " + name);
  return static_cast<size_t>(found - rows.columns.begin());
}

// Parameters in which the rows shown differ: what tells one job from another.
std::vector<size_t> varying_parameters(Database& database, const ResultRows& rows) {
  std::vector<size_t> varying;
  Statement names(database, "SELECT name FROM run_columns WHERE kind = 'parameter' ORDER BY name");
  while (names.step()) {
    const auto found = std::find(rows.columns.begin(), rows.columns.end(), names.text(0));
    if (found == rows.columns.end() || names.text(0) == "seed") continue;
    const auto index = static_cast<size_t>(found - rows.columns.begin());
    std::set<Json> values;
    for (const std::vector<Json>& row : rows.rows) {
      if (!row[index].is_null()) values.insert(row[index]);
    }
    if (values.size() > 1) varying.push_back(index);
  }
  return varying;
}

void print_table(Database& database, const ResultRows& rows) {
  const std::vector<size_t> varying = varying_parameters(database, rows);
  std::vector<std::string> header = {"job", "stage", "state", "attempts"};
  for (const size_t index : varying) header.push_back(rows.columns[index]);
  header.insert(header.end(), {"seed", "reason"});
  TextTable table(header);
  for (const std::vector<Json>& row : rows.rows) {
    const auto text = [&](const std::string& column) { return value_text(row[column_of(rows, column)]); };
    std::vector<std::string> cells = {JobId{text("job")}.short_form(), text("stage"), text("state"), text("attempts")};
    for (const size_t index : varying) cells.push_back(value_text(row[index]));
    const std::string reason = text("reason");
    cells.push_back(text("seed"));
    cells.push_back(reason.substr(0, reason.find('\n')));
    table.add(std::move(cells));
  }
  fmt::print("{}", table.text());
}

void print_jobs(const Arguments& arguments, const CommandLine& line) {
  Database database = open_reader(find_sweep(line.runs, arguments.sweep).database());
  const ResultRows rows =
      filtered_runs(database, {.filter = arguments.where, .states = arguments.states, .stages = arguments.stages});
  if (arguments.json) {
    fmt::print("{}", format_rows(rows, ExportFormat::kJson));
  } else if (rows.rows.empty()) {
    fmt::print(stderr, "no job is like that\n");
  } else {
    print_table(database, rows);
  }
  if (rows.truncated) fmt::print(stderr, "camsweep: {}\n", truncation_note(rows));
}

}  // namespace

void add_jobs_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("jobs", "List jobs with the parameters that tell them apart.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of the sweep; the latest if not given");
  command->add_option("--state", arguments->states, "only these states")
      ->delimiter(',')
      ->check(CLI::IsMember({"waiting", "running", "done", "failed", "blocked"}));
  command->add_option("--stage", arguments->stages, "only these stages")
      ->delimiter(',')
      ->check(CLI::IsMember(stage_names()));
  command->add_option("--where", arguments->where, "only jobs that match, like 'backbone=convnext_* and epochs>=20'");
  command->add_flag("--json", arguments->json, "print JSON: an object per job with every column of the view `runs`");
  command->footer("Example:\n  camsweep jobs quickstart --state failed --where 'backbone=convnext_*'");
  command->callback([arguments, &line] { print_jobs(*arguments, line); });
}

}  // namespace camsweep

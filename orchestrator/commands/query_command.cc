#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "orchestrator/text_table.h"
#include "results/export.h"
#include "results/query.h"

namespace camsweep {
namespace {

struct Arguments {
  std::vector<std::string> words;  // [SWEEP] [SQL]
  std::string where;
  bool json = false;
  bool csv = false;
};

struct Question {
  std::string sweep;
  std::string sql;  // "" with --where
};

// SQL holds a blank, which no name of a sweep does.
Question question_from(const Arguments& arguments) {
  Question question;
  for (const std::string& word : arguments.words) {
    const bool is_sql = word.find_first_of(" \t\n;(") != std::string::npos && !std::filesystem::exists(word);
    std::string& place = is_sql ? question.sql : question.sweep;
    if (!place.empty()) throw ConfigError("query takes a sweep and one SQL statement, in quotes; found '" + word + "'");
    place = word;
  }
  if (question.sql.empty() == arguments.where.empty()) {
    throw ConfigError("query takes either an SQL statement or --where, like --where 'epochs>=20'");
  }
  return question;
}

void print_rows(const ResultRows& rows, const Arguments& arguments) {
  if (arguments.json || arguments.csv) {
    fmt::print("{}", format_rows(rows, arguments.json ? ExportFormat::kJson : ExportFormat::kCsv));
  } else {
    TextTable table(rows.columns);
    for (const std::vector<Json>& row : rows.rows) {
      std::vector<std::string> cells;
      for (const Json& value : row) cells.push_back(value_text(value));
      table.add(std::move(cells));
    }
    fmt::print("{}", table.text());
  }
  if (rows.truncated) fmt::print(stderr, "camsweep: {}\n", truncation_note(rows));
}

void answer(const Arguments& arguments, const CommandLine& line) {
  const Question question = question_from(arguments);
  Database database = open_reader(find_sweep(line.runs, question.sweep).database());
  print_rows(
      question.sql.empty() ? filtered_runs(database, {.filter = arguments.where}) : run_query(database, question.sql),
      arguments);
}

}  // namespace

void add_query_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("query", "Answer an SQL query on the results, or list runs that match.");
  command->add_option("words", arguments->words, "the sweep (the latest if not given) and one SELECT, in quotes")
      ->type_name("[SWEEP] [SQL]")
      ->expected(0, 2);
  command->add_option("--where", arguments->where, "runs that match, like 'backbone=replknet_nano and epochs>=20'");
  CLI::Option* json = command->add_flag("--json", arguments->json, "print JSON: a list of objects");
  command->add_flag("--csv", arguments->csv, "print CSV")->excludes(json);
  command->footer(
      "Views: runs, cells_summary, job_metrics, parameters; `SELECT name, sql FROM sqlite_master` shows all tables.\n"
      "A query can only read, and ends after 5 s. Example:\n"
      "  camsweep query quickstart 'SELECT backbone, \"cam.maxboxacc\" FROM runs WHERE stage = '\\''localize'\\'''");
  command->callback([arguments, &line] { answer(*arguments, line); });
}

}  // namespace camsweep

#include "results/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "embedded.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

// Columns of `runs` beyond these are left out: SQLite allows 2000 in a view.
constexpr size_t kMaxRunColumns = 1900;

int64_t version(Database& database) { return database.integer("PRAGMA user_version"); }

Error newer(const Database& database, int64_t found, int64_t known) {
  return Error(ExitCode::kSchemaVersion,
               fmt::format("{} has schema version {}, made by a newer camsweep; this one knows up to {}",
                           database.file().string(), found, known));
}

Error not_ours(const Database& database) {
  return Error(ExitCode::kCorruption, database.file().string() + " is no results database of camsweep");
}

std::vector<std::string> texts(Database& database, std::string_view sql) {
  std::vector<std::string> all;
  Statement statement(database, sql);
  while (statement.step()) all.push_back(statement.text(0));
  return all;
}

std::string views_sql() {
  const size_t start = kResultsSql.find("-- Views.");
  CAMSWEEP_CHECK(start != std::string_view::npos, "results.sql has its views below the line '-- Views.'");
  return std::string(kResultsSql.substr(start));
}

void upgrade(Database& database, int64_t found, const MigrationSteps& steps) {
  for (const std::string& view : texts(database, "SELECT name FROM sqlite_master WHERE type = 'view'")) {
    database.exec("DROP VIEW " + sql_quoted(view));
  }
  for (size_t step = static_cast<size_t>(found) - 1; step < steps.size(); ++step) database.exec(steps[step]);
  database.exec(views_sql());
}

void back_up(Database& database, int64_t found) {
  const std::string copy = fmt::format("{}.v{}", database.file().string(), found);
  std::filesystem::remove(copy);  // of an upgrade that was interrupted
  database.exec("VACUUM INTO " + sql_quoted(copy, '\''));
}

// A value that all cells of the job share.
std::string parameter_column(const std::string& name) {
  return fmt::format(
      ",\n  (SELECT CASE WHEN min(value) IS max(value) THEN max(value) END"
      " FROM (SELECT json_extract(cells.parameters, {}) AS value FROM cell_jobs JOIN cells ON cells.id = cell_jobs.cell"
      " WHERE cell_jobs.job = jobs.id AND cells.stale = 0)) AS {}",
      sql_quoted("$." + sql_quoted(name), '\''), sql_quoted(name));
}

std::string metric_column(const std::string& name) {
  return fmt::format(",\n  (SELECT value FROM metrics WHERE name = {} AND job = jobs.id AND epoch IS NULL) AS {}",
                     sql_quoted(name, '\''), sql_quoted(name));
}

}  // namespace

std::string sql_quoted(std::string_view name, char quote) {
  std::string text(1, quote);
  for (const char c : name) {
    text += c;
    if (c == quote) text += c;
  }
  return text + quote;
}

const MigrationSteps& migration_steps() {
  static const MigrationSteps steps = {};  // version 1 is the first
  CAMSWEEP_CHECK(steps.size() + 1 == kDatabaseVersion, "every version but the first has its step");
  return steps;
}

void migrate(Database& database, const MigrationSteps& steps) {
  const int64_t newest = static_cast<int64_t>(steps.size()) + 1;
  const int64_t found = version(database);
  if (found > newest) throw newer(database, found, newest);
  const bool is_empty = database.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (!is_empty && (found < 1 || database.integer("PRAGMA application_id") != kApplicationId)) throw not_ours(database);
  if (found == newest) return;
  if (!is_empty) back_up(database, found);
  Transaction transaction(database);
  if (is_empty) {
    database.exec(std::string(kResultsSql));
  } else {
    upgrade(database, found, steps);
  }
  refresh_runs_view(database);
  database.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, newest));
  transaction.commit();
}

void require_schema(Database& database) {
  const int64_t found = version(database);
  if (found > kDatabaseVersion) throw newer(database, found, kDatabaseVersion);
  if (database.integer("PRAGMA application_id") != kApplicationId) throw not_ours(database);
  if (found < kDatabaseVersion) {
    throw Error(ExitCode::kSchemaVersion, fmt::format("{} has schema version {}; `camsweep run` brings it to {}",
                                                      database.file().string(), found, kDatabaseVersion));
  }
}

void refresh_runs_view(Database& database) {
  const std::vector<std::string> fixed = {"sweep", "job",      "stage",    "state", "cell",
                                          "seed",  "at_epoch", "attempts", "reason"};
  std::string columns;
  size_t count = fixed.size();
  Statement names(database, "SELECT name, kind FROM run_columns ORDER BY kind DESC, name");
  while (names.step() && count < kMaxRunColumns) {
    const std::string name = names.text(0);
    if (std::find(fixed.begin(), fixed.end(), name) != fixed.end()) continue;
    columns += names.text(1) == "parameter" ? parameter_column(name) : metric_column(name);
    ++count;
  }
  names.reset();
  database.exec(
      "DROP VIEW IF EXISTS runs;"
      "CREATE VIEW runs AS SELECT (SELECT name FROM sweeps LIMIT 1) AS sweep, jobs.id AS job, jobs.stage, jobs.state,"
      " (SELECT cell FROM cell_jobs WHERE job = jobs.id ORDER BY cell LIMIT 1) AS cell, jobs.seed, jobs.at_epoch,"
      " jobs.attempts, jobs.reason" +
      columns + "\nFROM jobs WHERE jobs.stale = 0");
}

}  // namespace camsweep

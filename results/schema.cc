#include "results/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

// all[i] takes the tables of version i + 1 to version i + 2. A step that was released is never edited.
constexpr std::array<std::string_view, kDatabaseVersion - 1> kSteps = {
    R"(
    DROP TABLE parameters;
    ALTER TABLE artifacts ADD COLUMN bytes INTEGER;
    CREATE TABLE run_columns (
      kind TEXT NOT NULL CHECK (kind IN ('parameter', 'metric')),
      name TEXT NOT NULL,
      PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO run_columns SELECT DISTINCT 'parameter', item.key FROM cells, json_each(cells.parameters) AS item;
    INSERT INTO run_columns SELECT DISTINCT 'metric', name FROM metrics WHERE epoch IS NULL;
    )",
};

int64_t version(Database& database) { return database.integer("PRAGMA user_version"); }

Error newer(const Database& database, int64_t found) {
  return Error(ExitCode::kSchemaVersion,
               fmt::format("{} has schema version {}, made by a newer camsweep; this one knows up to {}",
                           database.file().string(), found, kDatabaseVersion));
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

void upgrade(Database& database, int64_t found) {
  for (const std::string& view : texts(database, "SELECT name FROM sqlite_master WHERE type = 'view'")) {
    database.exec("DROP VIEW " + sql_quoted(view));
  }
  for (int64_t from = found; from < kDatabaseVersion; ++from) {
    database.exec(std::string(kSteps[static_cast<size_t>(from - 1)]));
  }
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

void migrate(Database& database) {
  const int64_t found = version(database);
  if (found > kDatabaseVersion) throw newer(database, found);
  const bool is_empty = database.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (!is_empty && database.integer("PRAGMA application_id") != kApplicationId) throw not_ours(database);
  if (found == kDatabaseVersion) return;
  if (!is_empty) back_up(database, found);
  Transaction transaction(database);
  if (is_empty) {
    database.exec(std::string(kResultsSql));
  } else {
    upgrade(database, found);
  }
  refresh_runs_view(database);
  database.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kDatabaseVersion));
  transaction.commit();
}

void require_schema(Database& database) {
  const int64_t found = version(database);
  if (found > kDatabaseVersion) throw newer(database, found);
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

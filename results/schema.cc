#include "results/schema.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "embedded.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

// What takes a database from version i to i + 1. Never edit a step that was released; append.
const std::array<std::string_view, kDatabaseVersion>& steps() {
  static const std::array<std::string_view, kDatabaseVersion> all = {kResultsSql};
  return all;
}

int64_t version(Database& database) { return database.integer("PRAGMA user_version"); }

Error newer(const Database& database, int64_t found) {
  return Error(ExitCode::kSchemaVersion,
               fmt::format("{} has schema version {}, made by a newer camsweep; this one reads up to {}",
                           database.file().string(), found, kDatabaseVersion));
}

std::string sql_quoted(std::string_view name, char quote) {
  std::string text(1, quote);
  for (const char c : name) {
    text += c;
    if (c == quote) text += c;
  }
  return text + quote;
}

std::vector<std::string> names(Database& database, std::string_view sql) {
  std::vector<std::string> all;
  Statement statement(database, sql);
  while (statement.step()) all.push_back(statement.text(0));
  return all;
}

}  // namespace

void migrate(Database& database) {
  const int64_t found = version(database);
  if (found > kDatabaseVersion) throw newer(database, found);
  if (found == kDatabaseVersion) return;
  if (found > 0) {
    database.exec("VACUUM INTO " + sql_quoted(fmt::format("{}.v{}", database.file().string(), found), '\''));
  }
  Transaction transaction(database);
  for (int64_t step = found; step < kDatabaseVersion; ++step) {
    database.exec(std::string(steps()[static_cast<size_t>(step)]));
  }
  database.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kDatabaseVersion));
  refresh_runs_view(database);
  transaction.commit();
}

void require_schema(Database& database) {
  const int64_t found = version(database);
  if (found > kDatabaseVersion) throw newer(database, found);
  if (database.integer("PRAGMA application_id") != kApplicationId) {
    throw Error(ExitCode::kCorruption, database.file().string() + " is no results database of camsweep");
  }
  if (found < kDatabaseVersion) {
    throw Error(ExitCode::kSchemaVersion, fmt::format("{} has schema version {}; `camsweep run` brings it to {}",
                                                      database.file().string(), found, kDatabaseVersion));
  }
}

void refresh_runs_view(Database& database) {
  std::string columns;
  for (const std::string& name : names(database, "SELECT DISTINCT name FROM parameters ORDER BY name")) {
    // A job that several cells share has no value where they differ.
    columns += fmt::format(
        ",\n  (SELECT CASE WHEN count(DISTINCT coalesce(p.text, p.number)) = 1 THEN max(coalesce(p.text, p.number)) END"
        " FROM cell_jobs AS link JOIN parameters AS p ON p.cell = link.cell AND p.name = {}"
        " WHERE link.job = jobs.id) AS {}",
        sql_quoted(name, '\''), sql_quoted(name, '"'));
  }
  for (const std::string& name :
       names(database, "SELECT DISTINCT name FROM metrics WHERE epoch IS NULL ORDER BY name")) {
    columns += fmt::format(",\n  (SELECT value FROM metrics WHERE name = {} AND job = jobs.id AND epoch IS NULL) AS {}",
                           sql_quoted(name, '\''), sql_quoted(name, '"'));
  }
  database.exec(
      "DROP VIEW IF EXISTS runs;"
      "CREATE VIEW runs AS SELECT (SELECT name FROM sweeps LIMIT 1) AS sweep, jobs.id AS job, jobs.stage, jobs.state,"
      " (SELECT cell FROM cell_jobs WHERE job = jobs.id ORDER BY cell LIMIT 1) AS cell, jobs.seed, jobs.at_epoch,"
      " jobs.attempts, jobs.reason" +
      columns + "\nFROM jobs WHERE jobs.stale = 0 ORDER BY jobs.position");
}

}  // namespace camsweep

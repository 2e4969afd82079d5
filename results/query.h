#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "results/database.h"
#include "schemas/json.h"

namespace camsweep {

// Opens results.db for reading: beside a running scheduler, and in a read-only folder. Never blocks the writer. Throws
// Error: kSchemaVersion, kCorruption, kEnvironment.
Database open_reader(const std::filesystem::path& database_file);

// Rows in memory. Values are null, integers, numbers or strings.
struct ResultRows {
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;
  bool truncated = false;  // there was more than QueryLimits allow
};

struct QueryLimits {
  double timeout_s = 5;
  size_t rows = 1'000'000;
  size_t bytes = 256'000'000;  // of texts
};

// Runs one SELECT that a person wrote. It can read the tables and call functions, and nothing else: no writing, ATTACH,
// PRAGMA, second statement or extension. Throws ConfigError saying what was refused, or that it took too long.
ResultRows run_query(Database& database, const std::string& sql, const QueryLimits& limits = {});

// Which rows of the view `runs` are wanted.
struct RunChoice {
  std::string filter = {};               // results/filter.h; "" = all
  std::vector<std::string> states = {};  // any of them; empty = all
  std::vector<std::string> stages = {};
};

// "there is more than the 1000000 rows shown", "" for all rows.
std::string truncation_note(const ResultRows& rows);

// The chosen rows in the sweep's order. Throws ConfigError about the filter.
ResultRows filtered_runs(Database& database, const RunChoice& choice);

// A statement for every row of one view or table, however many. Throws ConfigError with the known names.
Statement view_statement(Database& database, const std::string& view);

// Column names of a view or table.
std::vector<std::string> columns_of(Database& database, const std::string& view);

// The row at which a statement stands.
std::vector<Json> row_values(const Statement& statement);
std::vector<std::string> column_names(const Statement& statement);

// The rest of a statement's rows.
ResultRows read_rows(Statement& statement, const QueryLimits& limits = {});

}  // namespace camsweep

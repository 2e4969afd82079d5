#include "results/query.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "results/filter.h"
#include "results/schema.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kStepsPerCheck = 10'000;      // of SQLite's virtual machine: about 0.1 ms
constexpr int kMaxValueBytes = 64'000'000;  // one value a query builds: zeroblob(1e9) would take the memory

// The view leaves the order open: to sort its rows would compute every column of them, also for a count.
constexpr const char* kSweepOrder = " ORDER BY (SELECT position FROM jobs WHERE jobs.id = runs.job)";

int allow_reading_only(void*, int action, const char*, const char* name, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      // load_extension() is off on the connection too; this gives it a clear refusal.
      return std::string_view(name) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

// While it lives, what runs on the connection can only read and must end in time.
class Guard {
 public:
  Guard(sqlite3* handle, double timeout_s)
      : handle_(handle),
        deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s))),
        old_value_bytes_(sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes)) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_set_authorizer(handle, allow_reading_only, nullptr);
    sqlite3_progress_handler(handle, kStepsPerCheck, is_late, this);
  }
  ~Guard() {
    sqlite3_set_authorizer(handle_, nullptr, nullptr);
    sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
    sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, old_value_bytes_);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  static int is_late(void* guard) { return Clock::now() > static_cast<Guard*>(guard)->deadline_ ? 1 : 0; }

  sqlite3* handle_;
  Clock::time_point deadline_;
  int old_value_bytes_;
};

Json value_of(const Statement& statement, int column) {
  switch (sqlite3_column_type(statement.handle(), column)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return statement.integer(column);
    case SQLITE_FLOAT:
      return statement.real(column);
    case SQLITE_BLOB:
      return fmt::format("(blob of {} bytes)", sqlite3_column_bytes(statement.handle(), column));
    default:
      return statement.text(column);
  }
}

// " AND column IN ('a', 'b')", "" for any value.
std::string any_of(const std::string& column, const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values) quoted.push_back(sql_quoted(value, '\''));
  return values.empty() ? "" : fmt::format(" AND {} IN ({})", column, join(quoted));
}

bool is_single_statement(sqlite3* handle, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, &rest) != SQLITE_OK) return true;  // fails again later
  sqlite3_finalize(statement);
  // What follows may be blanks and comments, from which nothing is compiled.
  sqlite3_stmt* second = nullptr;
  const int code = sqlite3_prepare_v2(handle, rest, -1, &second, nullptr);
  sqlite3_finalize(second);
  return code == SQLITE_OK && second == nullptr;
}

// What a person's SQL did wrong is bad input; a damaged file stays what it is.
[[noreturn]] void refuse(Database& database, const Error& error, const QueryLimits& limits) {
  if (error.code() != ExitCode::kEnvironment) throw error;
  const int code = sqlite3_errcode(database.handle());
  if (code == SQLITE_INTERRUPT) {
    throw ConfigError(
        fmt::format("the query took longer than {}; narrow it with WHERE or LIMIT", format_duration(limits.timeout_s)));
  }
  const std::string reason = sqlite3_errmsg(database.handle());
  if (code == SQLITE_AUTH) throw ConfigError("the query is refused: it may only read (" + reason + ")");
  throw ConfigError("the query is refused: " + reason);
}

}  // namespace

Database open_reader(const fs::path& database_file) {
  if (!fs::exists(database_file)) {
    throw environment_error("cannot open " + database_file.string(), ENOENT);
  }
  Database database(database_file, Database::Mode::kReadOnly);
  require_schema(database);
  return database;
}

std::vector<std::string> column_names(const Statement& statement) {
  std::vector<std::string> names;
  for (int i = 0; i < statement.columns(); ++i) names.push_back(statement.column_name(i));
  return names;
}

std::vector<Json> row_values(const Statement& statement) {
  std::vector<Json> row;
  for (int i = 0; i < statement.columns(); ++i) row.push_back(value_of(statement, i));
  return row;
}

std::string truncation_note(const ResultRows& rows) {
  return rows.truncated ? fmt::format("there is more than the {} rows shown", rows.rows.size()) : "";
}

ResultRows read_rows(Statement& statement, const QueryLimits& limits) {
  ResultRows result;
  result.columns = column_names(statement);
  size_t bytes = 0;
  while (statement.step()) {
    if (result.rows.size() >= limits.rows || bytes > limits.bytes) {
      result.truncated = true;
      break;
    }
    for (const Json& value : result.rows.emplace_back(row_values(statement))) {
      if (value.is_string()) bytes += value.get_ref<const std::string&>().size();
    }
  }
  return result;
}

ResultRows run_query(Database& database, const std::string& sql, const QueryLimits& limits) {
  const Guard guard(database.handle(), limits.timeout_s);
  if (!is_single_statement(database.handle(), sql)) throw ConfigError("the query is refused: one statement at a time");
  try {
    Statement statement(database, sql);
    if (statement.handle() == nullptr) throw ConfigError("the query is empty");
    return read_rows(statement, limits);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    refuse(database, error, limits);
  }
}

ResultRows filtered_runs(Database& database, const RunChoice& choice) {
  const Filter filter = parse_filter(choice.filter, columns_of(database, "runs"));
  Statement statement(database, "SELECT * FROM runs WHERE " + filter.condition_sql() + any_of("state", choice.states) +
                                    any_of("stage", choice.stages) + kSweepOrder);
  filter.bind(statement);
  return read_rows(statement);
}

std::vector<std::string> columns_of(Database& database, const std::string& view) {
  std::vector<std::string> columns;
  Statement rows(database, "SELECT name FROM pragma_table_info(?)");
  rows.bind(1, view);
  while (rows.step()) columns.push_back(rows.text(0));
  return columns;
}

Statement view_statement(Database& database, const std::string& view) {
  std::vector<std::string> known;
  Statement names(database, "SELECT name FROM sqlite_master WHERE type IN ('view', 'table') ORDER BY type DESC, name");
  while (names.step()) known.push_back(names.text(0));
  if (std::find(known.begin(), known.end(), view) == known.end()) {
    throw ConfigError(
        fmt::format("there is no view '{}'{}; there are {}", view, did_you_mean(view, known), join(known)));
  }
  return {database, "SELECT * FROM " + sql_quoted(view) + (view == "runs" ? kSweepOrder : "")};
}

}  // namespace camsweep

#include "results/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cmath>

#include "schemas/error.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// `system_error` is the errno behind it: a full disk also shows as an I/O error of the -shm file.
ExitCode exit_code_of(int sqlite_code, int system_error) {
  if ((sqlite_code & 0xff) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT)) {
    return ExitCode::kDiskFull;
  }
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return ExitCode::kDiskFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ExitCode::kCorruption;
    default:
      return ExitCode::kEnvironment;
  }
}

sqlite3* open(const std::string& uri, int flags) {
  sqlite3* handle = nullptr;
  sqlite3_open_v2(uri.c_str(), &handle, flags | SQLITE_OPEN_URI, nullptr);
  return handle;
}

// SQLite's URI form, in which these characters mean something.
std::string uri_of(const fs::path& file, std::string_view options) {
  std::string uri = "file:";
  for (const char c : fs::absolute(file).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?" + std::string(options);
}

bool can_read(sqlite3* handle) {
  return handle != nullptr &&
         sqlite3_exec(handle, "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr) == SQLITE_OK;
}

// A WAL database needs its -shm file, which a read-only folder does not allow to be made: without a -wal beside it the
// file alone is the whole truth and can be read as one that never changes.
sqlite3* open_read_only(const fs::path& file) {
  sqlite3* handle = open(uri_of(file, "mode=ro"), SQLITE_OPEN_READONLY);
  if (can_read(handle) || fs::exists(file.string() + "-wal")) return handle;
  sqlite3* immutable = open(uri_of(file, "mode=ro&immutable=1"), SQLITE_OPEN_READONLY);
  if (!can_read(immutable)) {
    sqlite3_close_v2(immutable);
    return handle;
  }
  sqlite3_close_v2(handle);
  return immutable;
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Database::Database(const fs::path& file, Mode mode)
    : file_(file),
      handle_(mode == Mode::kReadOnly ? open_read_only(file)
                                      : open(uri_of(file, "mode=rwc"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) {
  if (handle_ == nullptr || sqlite3_errcode(handle_.get()) != SQLITE_OK) fail("cannot open");
  sqlite3_busy_timeout(handle_.get(), 10000);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  // trusted_schema stays on: our views use the JSON functions, which SQLite 3.40 calls unsafe in a schema. No function
  // or virtual table of ours exists that a hostile schema could reach.
  // A misspelt "column" is an error, not a text: SQLite would otherwise average the text and answer 0.
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  exec("PRAGMA cell_size_check = ON");
  if (mode == Mode::kReadOnly) {
    exec("PRAGMA query_only = ON");
  } else {
    exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536");
  }
}

void Database::exec(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot use");
}

void Database::try_exec(const char* sql) noexcept { sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); }

int64_t Database::integer(const std::string& sql) {
  Statement statement(*this, sql);
  CAMSWEEP_CHECK(statement.step(), "the query has a row");
  return statement.integer(0);
}

void Database::fail(const std::string& what) const {
  const int code = handle_ ? sqlite3_extended_errcode(handle_.get()) : SQLITE_CANTOPEN;
  const std::string reason = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
  const int system_error = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
  throw Error(exit_code_of(code, system_error), fmt::format("{} {}: {}", what, file_.string(), reason));
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) database.fail("cannot use");
}

Statement& Statement::bind(int index, int64_t value) {
  if (sqlite3_bind_int64(handle_.get(), index, value) != SQLITE_OK) database_.fail("cannot use");
  return *this;
}

Statement& Statement::bind(int index, double value) {
  if (!std::isfinite(value)) return bind(index, std::nullopt);
  if (sqlite3_bind_double(handle_.get(), index, value) != SQLITE_OK) database_.fail("cannot use");
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  if (sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) !=
      SQLITE_OK) {
    database_.fail("cannot use");
  }
  return *this;
}

Statement& Statement::bind(int index, std::nullopt_t) {
  if (sqlite3_bind_null(handle_.get(), index) != SQLITE_OK) database_.fail("cannot use");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    sqlite3_reset(handle_.get());
    database_.fail("cannot use");
  }
  return false;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

int Statement::columns() const { return sqlite3_column_count(handle_.get()); }
std::string Statement::column_name(int index) const { return sqlite3_column_name(handle_.get(), index); }
bool Statement::is_null(int index) const { return sqlite3_column_type(handle_.get(), index) == SQLITE_NULL; }
int64_t Statement::integer(int index) const { return sqlite3_column_int64(handle_.get(), index); }
double Statement::real(int index) const { return sqlite3_column_double(handle_.get(), index); }

std::string Statement::text(int index) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), index));
  const int size = sqlite3_column_bytes(handle_.get(), index);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

std::optional<int64_t> Statement::optional_integer(int index) const {
  return is_null(index) ? std::nullopt : std::optional(integer(index));
}

std::optional<double> Statement::optional_real(int index) const {
  return is_null(index) ? std::nullopt : std::optional(real(index));
}

Transaction::Transaction(Database& database) : database_(database) { database.exec("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (open_) database_.try_exec("ROLLBACK");
}

void Transaction::commit() {
  database_.exec("COMMIT");
  open_ = false;  // not reached when COMMIT throws: the destructor then rolls back
}

}  // namespace camsweep

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace camsweep {

// One connection to an SQLite file. Not thread-safe. Every failure is an Error: kDiskFull, kCorruption,
// kSchemaVersion (by the store), kEnvironment for the rest.
class Database {
 public:
  enum class Mode {
    kWrite,    // creates the file; WAL, synchronous=FULL, foreign keys
    kReadOnly  // never blocks the writer; works in a read-only folder too
  };
  Database(const std::filesystem::path& file, Mode mode);

  // Runs statements without results.
  void exec(const std::string& sql);
  // For destructors: no exception.
  void try_exec(const char* sql) noexcept;

  // The first column of the first row of a query, which must have one.
  int64_t integer(const std::string& sql);

  sqlite3* handle() const { return handle_.get(); }
  const std::filesystem::path& file() const { return file_; }

  // Turns the connection's last error into the exception it stands for.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement. bind() numbers parameters from 1, columns count from 0. Lives no longer than its database.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, int value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, double value);  // not a number is stored as NULL
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  Statement& bind(int index, std::nullopt_t);
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, std::nullopt);
  }

  // Moves to the next row; false at the end.
  bool step();
  // Runs to the end and makes the statement ready for new values.
  void run();
  void reset();

  int columns() const;
  std::string column_name(int index) const;
  bool is_null(int index) const;
  int64_t integer(int index) const;
  double real(int index) const;
  std::string text(int index) const;
  std::optional<int64_t> optional_integer(int index) const;
  std::optional<double> optional_real(int index) const;

  sqlite3_stmt* handle() const { return handle_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Groups writes: all of them happen, or none. Rolls back unless commit() returned.
class Transaction {
 public:
  // IMMEDIATE takes the write lock now, so no statement inside can find it taken.
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace camsweep

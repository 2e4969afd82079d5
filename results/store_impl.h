#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "results/database.h"
#include "results/store.h"

namespace camsweep {

// What the source files of Store share; nobody else includes this.
struct Store::Impl {
  explicit Impl(const std::filesystem::path& sweep_folder);

  // One prepared statement per text, kept for the life of the connection.
  Statement& prepared(std::string_view sql);
  // The same, for a statement that writes: the first after a commit opens the next transaction.
  Statement& write(std::string_view sql);

  void event(std::string_view kind, const std::optional<JobId>& job, std::string_view text);
  void insert_cells(const std::vector<Cell>& cells);
  void insert_jobs(const std::vector<JobSpec>& jobs);
  void replace_links(const std::vector<CellJob>& cell_jobs);
  void mark_stale(const std::vector<Cell>& cells, const std::vector<JobSpec>& jobs);
  void close_running_attempts();
  void remove_result(const JobId& job);
  void insert_result(const JobId& job, int attempt, const JobSuccess& success);
  void accept_attempt(const JobId& job, int attempt);
  // A new name is a new column of the view `runs`, which commit() then makes anew.
  void add_run_column(std::string_view kind, const std::string& name);

  std::filesystem::path folder;  // absolute
  Database database;
  std::map<std::string, Statement, std::less<>> statements;
  std::optional<Transaction> transaction;
  std::set<std::pair<std::string, std::string>> run_columns;  // (kind, name)
  bool view_is_old = false;
};

// "2026-01-31T12:00:00.000Z".
std::string utc_now();

}  // namespace camsweep

#pragma once

#include "results/database.h"

namespace camsweep {

inline constexpr int kDatabaseVersion = 2;
inline constexpr int kApplicationId = 0x43535750;  // "CSWP"

// Creates the tables of an empty database or brings an older one to kDatabaseVersion, in one transaction; a copy of the
// older file stays beside it as results.db.v<n>. Throws Error: kSchemaVersion for a newer database, kCorruption for a
// file that is not ours.
void migrate(Database& database);

// For readers: throws Error (kSchemaVersion) unless the database has kDatabaseVersion, kCorruption if it is not ours.
void require_schema(Database& database);

// Makes the view `runs` anew: one row per job that is not stale, with the columns that `run_columns` names. A parameter
// on which the cells of a shared job differ is NULL there.
void refresh_runs_view(Database& database);

// `name` as an SQL identifier or, with quote ', as a string.
std::string sql_quoted(std::string_view name, char quote = '"');

}  // namespace camsweep

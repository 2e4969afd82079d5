#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/database.h"

namespace camsweep {

inline constexpr int kDatabaseVersion = 1;
inline constexpr int kApplicationId = 0x43535750;  // "CSWP"

// Statements that take the tables of version i + 1 to version i + 2, for every i. One that was released is never
// edited.
using MigrationSteps = std::vector<std::string>;

// Those up to kDatabaseVersion.
const MigrationSteps& migration_steps();

// Creates the tables of an empty database or brings an older one to the newest version, in one transaction; a copy of
// the older file stays beside it as results.db.v<n>. Throws Error: kSchemaVersion for a newer database, kCorruption for
// a file that is not ours.
void migrate(Database& database, const MigrationSteps& steps = migration_steps());

// For readers: throws Error (kSchemaVersion) unless the database has kDatabaseVersion, kCorruption if it is not ours.
void require_schema(Database& database);

// Makes the view `runs` anew: one row per job that is not stale, with the columns that `run_columns` names. A parameter
// on which the cells of a shared job differ is NULL there.
void refresh_runs_view(Database& database);

// `name` as an SQL identifier or, with quote ', as a string.
std::string sql_quoted(std::string_view name, char quote = '"');

}  // namespace camsweep

#pragma once

#include "results/database.h"

namespace camsweep {

inline constexpr int kDatabaseVersion = 1;
inline constexpr int kApplicationId = 0x43535750;  // "CSWP"

// Creates the tables of an empty database or brings an older one to kDatabaseVersion, in one transaction; a copy of the
// older file stays beside it as results.db.v<n>. Throws Error (kSchemaVersion) for a newer database.
void migrate(Database& database);

// For readers: throws Error (kSchemaVersion) unless the database has kDatabaseVersion, kCorruption if it is not ours.
void require_schema(Database& database);

// Makes the view `runs` anew: its columns are the parameters and final metrics there are now.
void refresh_runs_view(Database& database);

}  // namespace camsweep

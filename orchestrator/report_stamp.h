#pragma once

#include <string>

#include "orchestrator/sweep_folder.h"
#include "results/database.h"

namespace camsweep {

// Tells whether the report on disk shows what the database holds. A digest of what a report is drawn from lies beside
// the page; it is written last, so a report that died halfway has none that fits. Times of files would not do: every
// run writes to the database, also one that finds nothing to do.
std::string report_stamp(Database& database);

bool report_is_current(const SweepFolder& folder, const std::string& stamp);
void mark_report_current(const SweepFolder& folder, const std::string& stamp);

}  // namespace camsweep

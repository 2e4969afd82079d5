#pragma once

#include <string>
#include <vector>

#include "results/table.h"

namespace camsweep {

// What stands below a table: what its marks mean, and what all cells share.
std::vector<std::string> table_notes(const Table& table, const Comparison& comparison);

}  // namespace camsweep

#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "results/comparison.h"
#include "results/database.h"

// What the source files of read_comparison() share; nobody else includes this.
namespace camsweep {

// Jobs of the listed cells, with the cell, seed and entry each counts for.
inline constexpr const char* kLinks =
    "SELECT cell_jobs.cell, cell_jobs.seed, cell_jobs.entry, jobs.id, jobs.stage, jobs.state, jobs.at_epoch"
    " FROM cell_jobs JOIN cells ON cells.id = cell_jobs.cell AND cells.stale = 0"
    " JOIN jobs ON jobs.id = cell_jobs.job AND jobs.stale = 0";

// The cells by id while they are filled.
class CellIndex {
 public:
  explicit CellIndex(std::vector<ComparedCell>& cells) : cells_(cells) {
    for (size_t i = 0; i < cells.size(); ++i) index_.emplace(cells[i].id, i);
  }
  ComparedCell& at(const std::string& id) const { return cells_[index_.at(id)]; }

 private:
  std::vector<ComparedCell>& cells_;
  std::unordered_map<std::string, size_t> index_;
};

// Final metrics, histories and curves over the replicates.
void read_values(Database& database, const CellIndex& cells);

}  // namespace camsweep

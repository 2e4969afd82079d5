#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/rules.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// The number of cells after one rule: first "matrix", then one per entry of exclude, include and set.
struct RuleCount {
  std::string rule;
  uint64_t cells = 0;
  uint64_t touched = 0;  // cells that the rule made, removed, added or changed
};

struct ExpansionOptions {
  std::vector<std::string> only = {};  // 'backbone=convnext_*': cells that match every pattern stay
  // Overrides and --only may leave rules of the file without a match: then a note, not an error.
  bool lenient = false;
};

struct Expansion {
  std::vector<RuleCount> rules;
  std::vector<Row> cells;  // every parameter but the seed has a value
  std::vector<std::string> notes;
  std::shared_ptr<const void> values;  // owns what the cells point at, the sweep's own values aside
};

// matrix, exclude, include, set, derive, in this order. Cells come in an order that depends on the order of lists in
// the file, never on that of keys. Throws ConfigError: a rule that matches nothing, an include that is incomplete or
// equals a cell, a parameter without a value, a derivation that fails, more than `limits.max_jobs` cells times seeds
// (found out before anything is expanded).
Expansion expand(const SweepSpec& sweep, const ExpansionOptions& options = {});

// A cell's parameters as an object.
Json cell_parameters(const Row& cell);

// "backbone=resnet50, epochs=100": the parameters in which cells of this sweep differ, for messages.
std::string cell_label(const SweepSpec& sweep, const Row& cell);

}  // namespace camsweep

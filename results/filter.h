#pragma once

#include <string>
#include <vector>

#include "results/database.h"
#include "schemas/json.h"

namespace camsweep {

// One comparison of a column of `runs`.
struct Condition {
  std::string column;
  std::string comparison;  // "=", "!=", "<", "<=", ">", ">=" or "GLOB" for a value with * or ?
  Json value;              // null, an integer, a number or a string
};

// What `--where` says: all conditions hold.
struct Filter {
  std::vector<Condition> conditions;

  std::string condition_sql() const;  // with a ? per value that is not null; "true" without conditions
  void bind(Statement& statement) const;
};

// "backbone=convnext_* and epochs>=20": comparisons joined by `and`. Values: numbers, true, false, null, anything else
// is text, in quotes if it holds blanks. Throws ConfigError: not of that form, or a column that is not in `columns`.
Filter parse_filter(const std::string& text, const std::vector<std::string>& columns);

}  // namespace camsweep

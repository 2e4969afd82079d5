#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/comparison.h"

namespace camsweep {

// Which table is wanted: parameters as rows and columns, one block of columns per value.
struct TableSpec {
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<std::string> values;  // metric names
};

// The sweep's own table, or one made up: varying parameters as rows, the first MaxBoxAcc or accuracy there is.
TableSpec table_spec(const Comparison& comparison);

enum class Missing { kNotInGrid, kPending, kFailed };

struct TableField {
  std::optional<Summary> summary;
  Missing missing = Missing::kNotInGrid;
  bool best = false;  // of its metric over the whole table, where better is known
  bool selected_on_test = false;
};

struct TableColumn {
  std::string metric;
  std::vector<std::string> keys;  // one text per TableSpec::columns
};

struct TableRow {
  std::vector<std::string> keys;  // one text per TableSpec::rows
  std::vector<TableField> fields;
};

// A comparison laid out. `constants`: "epochs 20", what all cells share of the parameters named in `shown`.
struct Table {
  TableSpec spec;
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
  std::vector<std::string> notes;  // floors beside every MaxBoxAcc, marks, what is constant
};

// Throws ConfigError: an unknown parameter or metric (with the nearest), or two cells that share a field, naming the
// parameter in which they differ.
Table make_table(const Comparison& comparison, const TableSpec& spec);

enum class TableFormat { kText, kMarkdown, kLatex, kCsv };
// Throws ConfigError with the known names.
TableFormat table_format(const std::string& name);

std::string format_table(const Table& table, TableFormat format);
Json to_json(const Table& table);

// "74.3 ± 1.2" (n is told once in a note), or what is missing.
std::string field_text(const TableField& field, const std::string& metric, std::string_view plus_minus);

}  // namespace camsweep

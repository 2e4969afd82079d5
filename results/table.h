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

enum class Missing { kNotInGrid, kPending, kFailed, kNotReported };

struct TableField {
  std::optional<Summary> summary;
  int64_t of = 0;  // replicates of the cell: more than n while some are missing
  Missing missing = Missing::kNotInGrid;
  bool best = false;  // of its column, where better is known; several where they read alike
  bool selected_on_test = false;
  bool partial() const { return summary && summary->n < of; }
};

struct TableColumn {
  std::string metric;
  std::vector<std::string> keys;  // one text per TableSpec::columns
};

struct TableRow {
  std::vector<std::string> keys;  // one text per TableSpec::rows
  std::vector<TableField> fields;
};

// What a box that ignores the image gets: a row below the others, one text per column, "" beside other metrics.
struct FloorRow {
  std::string title;
  std::vector<std::string> texts;
};

// A comparison laid out.
struct Table {
  TableSpec spec;
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
  std::vector<FloorRow> floors;
  std::vector<std::string> notes;  // what the marks mean, what all cells share
};

// Throws ConfigError: an unknown parameter or metric (with the nearest), two cells that share a field, naming the
// parameter in which they differ, or a metric that two analyses report.
Table make_table(const Comparison& comparison, const TableSpec& spec);

enum class TableFormat { kText, kMarkdown, kLatex, kCsv };
// Throws ConfigError with the known names.
TableFormat table_format(const std::string& name);

std::string format_table(const Table& table, TableFormat format);
std::string format_latex(const Table& table);  // of format_table(); in table_latex.cc
Json to_json(const Table& table);

// "74.3 ± 1.2 (n=3)", "74.3" for a single replicate, "74.3 (n=1 of 2)" while others are missing, or the mark of what is
// missing.
std::string field_text(const TableField& field, const std::string& metric);

}  // namespace camsweep

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/query.h"

namespace camsweep {

enum class ExportFormat { kCsv, kJson, kJsonLines };

// By the name's extension: .csv, .json, .jsonl. None for another.
std::optional<ExportFormat> export_format(const std::string& file_name);

// Rows as text, one after another: CSV as RFC 4180 has it with a header line, and NULL as an empty field; a JSON array
// of objects; or one object per line. Numbers in the shortest form that reads back to the same value.
class RowWriter {
 public:
  RowWriter(std::vector<std::string> columns, ExportFormat format);
  void add(const std::vector<Json>& row);
  size_t rows() const { return rows_; }
  std::string finish();  // the whole text; nothing may be added after it

 private:
  std::vector<std::string> columns_;
  ExportFormat format_;
  std::string text_;
  size_t rows_ = 0;
};

std::string format_rows(const ResultRows& rows, ExportFormat format);

// One value as people and CSV see it; null is "".
std::string value_text(const Json& value);

}  // namespace camsweep

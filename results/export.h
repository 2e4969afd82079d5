#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/query.h"

namespace camsweep {

enum class ExportFormat { kCsv, kJson, kJsonLines };

// By the name's extension: .csv, .json, .jsonl. None for another.
std::optional<ExportFormat> export_format(const std::string& file_name);

// The rows as text: CSV as RFC 4180 has it with a header line, and NULL as an empty field; a JSON array of objects; or
// one object per line. Numbers in the shortest form that reads back to the same value.
std::string format_rows(const ResultRows& rows, ExportFormat format);

// One value as people and CSV see it; null is "".
std::string value_text(const Json& value);

}  // namespace camsweep

#include "results/export.h"

#include <filesystem>

#include "schemas/csv.h"

namespace camsweep {
namespace {

void append_csv_line(std::string& text, const std::vector<std::string>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) text += ',';
    text += csv_field(fields[i]);
  }
  text += "\r\n";
}

// Keeps the order of the columns, which an object of Json would sort.
std::string object_text(const ResultRows& rows, const std::vector<Json>& row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (size_t i = 0; i < row.size(); ++i) object[rows.columns[i]] = row[i];
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::optional<ExportFormat> export_format(const std::string& file_name) {
  const std::string extension = std::filesystem::path(file_name).extension().string();
  if (extension == ".csv") return ExportFormat::kCsv;
  if (extension == ".json") return ExportFormat::kJson;
  if (extension == ".jsonl") return ExportFormat::kJsonLines;
  return std::nullopt;
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string format_rows(const ResultRows& rows, ExportFormat format) {
  std::string text;
  if (format == ExportFormat::kCsv) {
    append_csv_line(text, rows.columns);
    for (const std::vector<Json>& row : rows.rows) {
      std::vector<std::string> fields;
      for (const Json& value : row) fields.push_back(value_text(value));
      append_csv_line(text, fields);
    }
    return text;
  }
  const bool is_list = format == ExportFormat::kJson;
  if (is_list) text += "[";
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    if (is_list) text += i == 0 ? "\n" : ",\n";
    text += object_text(rows, rows.rows[i]);
    if (!is_list) text += "\n";
  }
  if (is_list) text += rows.rows.empty() ? "]\n" : "\n]\n";
  return text;
}

}  // namespace camsweep

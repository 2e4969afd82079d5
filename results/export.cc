#include "results/export.h"

#include <filesystem>
#include <utility>

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
std::string object_text(const std::vector<std::string>& columns, const std::vector<Json>& row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (size_t i = 0; i < row.size(); ++i) object[columns[i]] = row[i];
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

RowWriter::RowWriter(std::vector<std::string> columns, ExportFormat format)
    : columns_(std::move(columns)), format_(format) {
  if (format_ == ExportFormat::kCsv) append_csv_line(text_, columns_);
  if (format_ == ExportFormat::kJson) text_ += '[';
}

void RowWriter::add(const std::vector<Json>& row) {
  if (format_ == ExportFormat::kCsv) {
    std::vector<std::string> fields;
    for (const Json& value : row) fields.push_back(value_text(value));
    append_csv_line(text_, fields);
  } else {
    if (format_ == ExportFormat::kJson) text_ += rows_ == 0 ? "\n" : ",\n";
    text_ += object_text(columns_, row);
    if (format_ == ExportFormat::kJsonLines) text_ += "\n";
  }
  ++rows_;
}

std::string RowWriter::finish() {
  if (format_ == ExportFormat::kJson) text_ += rows_ == 0 ? "]\n" : "\n]\n";
  return std::move(text_);
}

std::string format_rows(const ResultRows& rows, ExportFormat format) {
  RowWriter writer(rows.columns, format);
  for (const std::vector<Json>& row : rows.rows) writer.add(row);
  return writer.finish();
}

}  // namespace camsweep

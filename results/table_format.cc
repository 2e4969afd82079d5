#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "results/export.h"
#include "results/metric_info.h"
#include "results/table.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

using Line = std::vector<std::string>;

std::string missing_text(Missing missing) {
  switch (missing) {
    case Missing::kPending:
      return "…";
    case Missing::kFailed:
      return "✗";
    case Missing::kNotReported:
      return "·";
    case Missing::kNotInGrid:
      return "–";
  }
  return "";
}

// "augmentation on", or "" without column parameters.
std::string keys_title(const Table& table, const TableColumn& column) {
  Line parts;
  for (size_t i = 0; i < column.keys.size(); ++i) parts.push_back(table.spec.columns[i] + " " + column.keys[i]);
  return join(parts);
}

// "CAM MaxBoxAcc (%), augmentation on".
std::string column_title(const Table& table, const TableColumn& column) {
  const std::string keys = keys_title(table, column);
  return metric_info(column.metric).title + (keys.empty() ? "" : ", " + keys);
}

using FieldText = std::function<std::string(const TableField&, const std::string& metric)>;

std::vector<Line> body(const Table& table, const FieldText& text) {
  std::vector<Line> lines;
  for (const TableRow& row : table.rows) {
    Line line = row.keys;
    for (size_t i = 0; i < row.fields.size(); ++i) line.push_back(text(row.fields[i], table.columns[i].metric));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Line> floor_lines(const Table& table) {
  std::vector<Line> lines;
  for (const FloorRow& floor : table.floors) {
    Line line = {floor.title};
    line.resize(std::max<size_t>(1, table.spec.rows.size()));
    line.insert(line.end(), floor.texts.begin(), floor.texts.end());
    lines.push_back(std::move(line));
  }
  return lines;
}

// Characters, not bytes: UTF-8 continuation bytes have no width.
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const std::vector<Line>& lines, const std::set<size_t>& rules, size_t left_columns) {
  std::vector<size_t> widths(lines.front().size());
  for (const Line& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string text;
  for (size_t k = 0; k < lines.size(); ++k) {
    Line padded;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (rules.contains(k)) padded.push_back(std::string(widths[i], '-'));
    }
    if (rules.contains(k)) text += join(padded, "  ") + '\n';
    std::string row;
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string padding(widths[i] - width(lines[k][i]), ' ');
      row += (i > 0 ? "  " : "") + (i < left_columns ? lines[k][i] + padding : padding + lines[k][i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }
  return text;
}

std::string notes_text(const Table& table, std::string_view before) {
  std::string text;
  for (const std::string& note : table.notes) text += fmt::format("{}{}\n", before, note);
  return text;
}

bool has_best(const Table& table) {
  return std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return std::any_of(row.fields.begin(), row.fields.end(), [](const TableField& field) { return field.best; });
  });
}

// A terminal has no room for titles: the metrics' names stand above the values of the column parameters.
std::string format_text(const Table& table) {
  Line metrics(table.spec.rows.size());
  Line keys = table.spec.rows;
  for (const TableColumn& column : table.columns) {
    metrics.push_back(column.metric);
    keys.push_back(keys_title(table, column));
  }
  std::vector<Line> lines = {std::move(metrics), std::move(keys)};
  if (table.spec.columns.empty()) {
    std::copy(table.spec.rows.begin(), table.spec.rows.end(), lines[0].begin());
    lines.pop_back();
  }
  std::set<size_t> rules = {lines.size()};
  const auto starred = [](const TableField& field, const std::string& metric) {
    return fmt::format("{}{}", field.best ? "*" : "", field_text(field, metric));
  };
  for (Line& line : body(table, starred)) lines.push_back(std::move(line));
  if (!table.floors.empty()) rules.insert(lines.size());
  for (Line& line : floor_lines(table)) lines.push_back(std::move(line));
  return aligned(lines, rules, table.spec.rows.size()) + '\n' + (has_best(table) ? "* best of its column\n" : "") +
         notes_text(table, "");
}

std::string markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\|*_`<>[]#~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string format_markdown(const Table& table) {
  std::string text;
  const auto add = [&](const Line& line) { text += "| " + join(line, " | ") + " |\n"; };
  Line header;
  for (const std::string& name : table.spec.rows) header.push_back(markdown(name));
  for (const TableColumn& column : table.columns) header.push_back(markdown(column_title(table, column)));
  add(header);
  Line rule(table.spec.rows.size(), "---");
  rule.resize(rule.size() + table.columns.size(), "---:");
  add(rule);
  const auto bold = [](const TableField& field, const std::string& metric) {
    const std::string plain = field_text(field, metric);
    return field.best ? "**" + plain + "**" : plain;
  };
  for (Line& line : body(table, bold)) {
    for (size_t i = 0; i < table.spec.rows.size(); ++i) line[i] = markdown(line[i]);
    add(line);
  }
  for (Line& line : floor_lines(table)) {
    if (!line[0].empty()) line[0] = "*" + line[0] + "*";
    add(line);
  }
  return text + (table.notes.empty() ? "" : "\n") + notes_text(table, "- ");
}

std::string format_csv(const Table& table) {
  ResultRows rows;
  rows.columns = table.spec.rows;
  for (const TableColumn& column : table.columns) {
    const std::string keys = keys_title(table, column);
    for (const char* part : {" mean", " std", " n"}) {
      rows.columns.push_back(column.metric + (keys.empty() ? "" : ", " + keys) + part);
    }
  }
  for (const TableRow& row : table.rows) {
    std::vector<Json>& values = rows.rows.emplace_back(row.keys.begin(), row.keys.end());
    for (const TableField& field : row.fields) {
      values.push_back(field.summary ? Json(field.summary->mean) : Json());
      values.push_back(field.summary && field.summary->std ? Json(*field.summary->std) : Json());
      values.push_back(field.summary ? field.summary->n : 0);
    }
  }
  for (const Line& line : floor_lines(table)) {
    const auto keys = line.begin() + static_cast<std::ptrdiff_t>(table.spec.rows.size());
    std::vector<Json>& values = rows.rows.emplace_back(line.begin(), keys);
    for (auto floor = keys; floor != line.end(); ++floor) values.insert(values.end(), {Json(*floor), Json(), Json()});
  }
  return format_rows(rows, ExportFormat::kCsv);
}

std::string_view state_name(const TableField& field) {
  if (field.summary) return "reported";
  switch (field.missing) {
    case Missing::kPending:
      return "pending";
    case Missing::kFailed:
      return "failed";
    case Missing::kNotReported:
      return "not reported";
    case Missing::kNotInGrid:
      return "not in the grid";
  }
  return "";
}

}  // namespace

TableFormat table_format(const std::string& name) {
  if (name == "text") return TableFormat::kText;
  if (name == "markdown" || name == "md") return TableFormat::kMarkdown;
  if (name == "latex") return TableFormat::kLatex;
  if (name == "csv") return TableFormat::kCsv;
  throw ConfigError(fmt::format("unknown table format '{}'; allowed: text, markdown, latex, csv", name));
}

std::string field_text(const TableField& field, const std::string& metric) {
  if (!field.summary) return missing_text(field.missing);
  const int decimals = metric_info(metric).decimals;
  std::string text = fmt::format("{:.{}f}", field.summary->mean, decimals);
  if (field.summary->std) text += fmt::format(" ± {:.{}f}", *field.summary->std, decimals);
  if (field.partial()) {
    text += fmt::format(" (n={} of {})", field.summary->n, field.of);
  } else if (field.summary->std) {
    text += fmt::format(" (n={})", field.summary->n);
  }
  return field.selected_on_test ? text + "†" : text;
}

std::string format_table(const Table& table, TableFormat format) {
  switch (format) {
    case TableFormat::kText:
      return format_text(table);
    case TableFormat::kMarkdown:
      return format_markdown(table);
    case TableFormat::kLatex:
      return format_latex(table);
    case TableFormat::kCsv:
      return format_csv(table);
  }
  return "";
}

Json to_json(const Table& table) {
  Json fields = Json::array();
  for (const TableRow& row : table.rows) {
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const TableField& field = row.fields[i];
      Json entry = {{"metric", table.columns[i].metric}, {"row", row.keys}, {"column", table.columns[i].keys}};
      entry["mean"] = field.summary ? Json(field.summary->mean) : Json();
      entry["std"] = field.summary && field.summary->std ? Json(*field.summary->std) : Json();
      entry["n"] = field.summary ? field.summary->n : 0;
      entry["of"] = field.of;
      entry["state"] = state_name(field);
      entry["selected_on_test"] = field.selected_on_test;
      fields.push_back(std::move(entry));
    }
  }
  Json floors = Json::object();
  for (const FloorRow& floor : table.floors) floors[floor.title] = floor.texts;
  return {{"rows", table.spec.rows},
          {"columns", table.spec.columns},
          {"fields", fields},
          {"floors", floors},
          {"notes", table.notes}};
}

}  // namespace camsweep

#include <fmt/format.h>

#include <algorithm>
#include <functional>

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
    case Missing::kNotInGrid:
      return "–";
  }
  return "";
}

// "cam.maxboxacc" or "cam.maxboxacc, augmentation on".
std::string column_title(const Table& table, const TableColumn& column) {
  std::string title = column.metric;
  for (size_t i = 0; i < column.keys.size(); ++i) {
    title += fmt::format(", {} {}", table.spec.columns[i], column.keys[i]);
  }
  return title;
}

Line header(const Table& table) {
  Line line = table.spec.rows;
  for (const TableColumn& column : table.columns) line.push_back(column_title(table, column));
  return line;
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

// Characters, not bytes: UTF-8 continuation bytes have no width.
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const std::vector<Line>& lines, size_t left_columns, std::string_view separator) {
  std::vector<size_t> widths(lines.front().size());
  for (const Line& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - width(line[i]), ' ');
      if (i > 0) row += separator;
      row += i < left_columns ? line[i] + padding : padding + line[i];
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

std::string format_text(const Table& table) {
  std::vector<Line> lines = {header(table)};
  for (Line& line : body(table, [](const TableField&field, const std::string&metric) {
         return field_text(field, metric, " ± ") + (field.best ? "*" : " ");
       })) {
    lines.push_back(std::move(line));
  }
  return aligned(lines, table.spec.rows.size(), "  ") + "* : best\n" + notes_text(table, "");
}

std::string format_markdown(const Table& table) {
  std::string text;
  const auto add = [&](const Line& line) { text += "| " + join(line, " | ") + " |\n"; };
  add(header(table));
  Line rule(table.spec.rows.size(), "---");
  rule.resize(rule.size() + table.columns.size(), "---:");
  add(rule);
  for (const Line& line : body(table, [](const TableField&field, const std::string&metric) {
         const std::string plain = field_text(field, metric, " ± ");
         return field.best ? "**" + plain + "**" : plain;
       })) {
    add(line);
  }
  return text + (table.notes.empty() ? "" : "\n") + notes_text(table, "- ");
}

std::string latex(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) {
      escaped += '\\';
      escaped += c;
    } else if (c == '~' || c == '^' || c == '\\') {
      escaped += fmt::format("\\char`\\{}", c);
    } else {
      escaped += c;
    }
  }
  const auto replace = [&](std::string_view what, std::string_view by) {
    for (size_t at = escaped.find(what); at != std::string::npos; at = escaped.find(what, at + by.size())) {
      escaped.replace(at, what.size(), by);
    }
  };
  replace("±", "$\\pm$");
  replace("…", "\\dots");
  replace("✗", "$\\times$");
  replace("–", "--");
  replace("†", "$\\dagger$");
  return escaped;
}

std::string format_latex(const Table& table) {
  std::string text = fmt::format("% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{}{}}}\n\\toprule\n",
                                 std::string(table.spec.rows.size(), 'l'), std::string(table.columns.size(), 'r'));
  const auto add = [&](const Line& line) { text += join(line, " & ") + " \\\\\n"; };
  Line titles = header(table);
  std::transform(titles.begin(), titles.end(), titles.begin(), [](const std::string& title) { return latex(title); });
  add(titles);
  text += "\\midrule\n";
  for (Line& line : body(table, [](const TableField&field, const std::string&metric) {
         const std::string plain = latex(field_text(field, metric, " ± "));
         return field.best ? "\\textbf{" + plain + "}" : plain;
       })) {
    for (size_t i = 0; i < table.spec.rows.size(); ++i) line[i] = latex(line[i]);
    add(line);
  }
  text += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : table.notes) text += "% " + note + "\n";
  return text;
}

std::string csv_quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string format_csv(const Table& table) {
  Line titles;
  for (const std::string& row : table.spec.rows) titles.push_back(csv_quoted(row));
  for (const TableColumn& column : table.columns) {
    for (const char* part : {" mean", " std", " n"}) titles.push_back(csv_quoted(column_title(table, column) + part));
  }
  std::string text = join(titles, ",") + "\n";
  for (const TableRow& row : table.rows) {
    Line line;
    for (const std::string& key : row.keys) line.push_back(csv_quoted(key));
    for (const TableField& field : row.fields) {
      line.push_back(field.summary ? fmt::format("{}", field.summary->mean) : "");
      line.push_back(field.summary && field.summary->std ? fmt::format("{}", *field.summary->std) : "");
      line.push_back(field.summary ? fmt::format("{}", field.summary->n) : "0");
    }
    text += join(line, ",") + "\n";
  }
  return text;
}

}  // namespace

TableFormat table_format(const std::string& name) {
  if (name == "text") return TableFormat::kText;
  if (name == "markdown" || name == "md") return TableFormat::kMarkdown;
  if (name == "latex") return TableFormat::kLatex;
  if (name == "csv") return TableFormat::kCsv;
  throw ConfigError(fmt::format("unknown table format '{}'; allowed: text, markdown, latex, csv", name));
}

std::string field_text(const TableField& field, const std::string& metric, std::string_view plus_minus) {
  if (!field.summary) return missing_text(field.missing);
  const int decimals = metric_info(metric).decimals;
  std::string text = fmt::format("{:.{}f}", field.summary->mean, decimals);
  if (field.summary->std) text += fmt::format("{}{:.{}f}", plus_minus, *field.summary->std, decimals);
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
  Json rows = Json::array();
  for (const TableRow& row : table.rows) {
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const TableField& field = row.fields[i];
      Json entry = {{"metric", table.columns[i].metric}, {"row", row.keys}, {"column", table.columns[i].keys}};
      entry["mean"] = field.summary ? Json(field.summary->mean) : Json();
      entry["std"] = field.summary && field.summary->std ? Json(*field.summary->std) : Json();
      entry["n"] = field.summary ? field.summary->n : 0;
      rows.push_back(std::move(entry));
    }
  }
  return {{"rows", table.spec.rows}, {"columns", table.spec.columns}, {"fields", rows}, {"notes", table.notes}};
}

}  // namespace camsweep

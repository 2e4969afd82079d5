// A comparison table for a paper: booktabs, every text escaped.
#include <fmt/format.h>

#include <map>

#include "results/metric_info.h"
#include "results/table.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

using Line = std::vector<std::string>;

// Characters that LaTeX reads as commands, and those that its fonts have under a name only.
std::string latex(std::string_view text) {
  static const std::map<std::string_view, std::string_view> kSpelled = {{"&", "\\&"},
                                                                        {"%", "\\%"},
                                                                        {"$", "\\$"},
                                                                        {"#", "\\#"},
                                                                        {"_", "\\_"},
                                                                        {"{", "\\{"},
                                                                        {"}", "\\}"},
                                                                        {"~", "\\textasciitilde{}"},
                                                                        {"^", "\\textasciicircum{}"},
                                                                        {"\\", "\\textbackslash{}"},
                                                                        {"<", "\\textless{}"},
                                                                        {">", "\\textgreater{}"},
                                                                        {"|", "\\textbar{}"},
                                                                        {"\n", " "},
                                                                        {"±", "$\\pm$"},
                                                                        {"…", "\\dots{}"},
                                                                        {"✗", "$\\times$"},
                                                                        {"·", "$\\cdot$"},
                                                                        {"–", "--"},
                                                                        {"†", "$^\\dagger$"}};
  std::string escaped;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::string_view character = text.substr(i, bytes);
    const auto spelled = kSpelled.find(character);
    escaped += spelled == kSpelled.end() ? character : spelled->second;
    i += bytes;
  }
  return escaped;
}

std::string line_text(const Line& line) { return join(line, " & ") + " \\\\\n"; }

// The metrics over groups of columns, with a rule under each group.
std::string metric_line(const Table& table) {
  Line line(table.spec.rows.size());
  std::string rules;
  for (size_t i = 0; i < table.columns.size();) {
    size_t end = i;
    while (end < table.columns.size() && table.columns[end].metric == table.columns[i].metric) ++end;
    line.push_back(
        fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", end - i, latex(metric_info(table.columns[i].metric).title)));
    rules += fmt::format("\\cmidrule(lr){{{}-{}}}", table.spec.rows.size() + i + 1, table.spec.rows.size() + end);
    i = end;
  }
  return line_text(line) + rules + "\n";
}

std::string header(const Table& table) {
  Line line;
  for (const std::string& name : table.spec.rows) line.push_back(latex(name));
  for (const TableColumn& column : table.columns) {
    Line keys;
    for (size_t i = 0; i < column.keys.size(); ++i) keys.push_back(table.spec.columns[i] + " " + column.keys[i]);
    line.push_back(latex(keys.empty() ? metric_info(column.metric).title : join(keys)));
  }
  return (table.spec.columns.empty() ? "" : metric_line(table)) + line_text(line);
}

}  // namespace

std::string format_latex(const Table& table) {
  std::string text = fmt::format("% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{}{}}}\n\\toprule\n",
                                 std::string(table.spec.rows.size(), 'l'), std::string(table.columns.size(), 'r'));
  text += header(table) + "\\midrule\n";
  for (const TableRow& row : table.rows) {
    Line line;
    for (const std::string& key : row.keys) line.push_back(latex(key));
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const std::string field = latex(field_text(row.fields[i], table.columns[i].metric));
      line.push_back(row.fields[i].best ? "\\textbf{" + field + "}" : field);
    }
    text += line_text(line);
  }
  if (!table.floors.empty()) text += "\\midrule\n";
  for (const FloorRow& floor : table.floors) {
    Line line = {latex(floor.title)};
    line.resize(std::max<size_t>(1, table.spec.rows.size()));
    for (const std::string& floor_text : floor.texts) line.push_back(latex(floor_text));
    text += line_text(line);
  }
  text += "\\bottomrule\n\\end{tabular}\n";
  if (!table.notes.empty()) text += "\n\\smallskip\n{\\footnotesize " + latex(join(table.notes, "; ")) + "}\n";
  return text;
}

}  // namespace camsweep

#include "orchestrator/table_check.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "orchestrator/expansion.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::vector<std::string> differences(const Json& a, const Json& b) {
  std::vector<std::string> names;
  for (const auto& [name, value] : a.items()) {
    if (b.at(name) != value) names.push_back(name);
  }
  return names;
}

}  // namespace

void check_table(const SweepSpec& sweep, const std::vector<Cell>& cells) {
  if (!sweep.report.contains("table")) return;
  const Json& table = sweep.report.at("table");
  std::vector<std::string> names = table.at("rows");
  for (const Json& column : table.value("columns", Json::array())) names.push_back(column);

  std::unordered_map<std::string, const Cell*> fields;
  for (const Cell& cell : cells) {
    std::string field;
    for (const std::string& name : names) field += cell.parameters.at(name).dump() + "\n";
    const auto [taken, is_new] = fields.emplace(std::move(field), &cell);
    if (is_new) continue;
    throw ConfigError(
        fmt::format("{}: report.table: two cells would share a field ({}): they differ in {}; name it in "
                    "`rows` or `columns`",
                    sweep.file.string(), cell_label(sweep, cell.parameters),
                    join(differences(cell.parameters, taken->second->parameters))));
  }
}

}  // namespace camsweep

#include "orchestrator/table_check.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "orchestrator/expansion.h"
#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::vector<std::string> differences(const Row& a, const Row& b) {
  std::vector<std::string> names;
  for (const std::string& name : parameter_names()) {
    const size_t position = parameter_position(name);
    if (*a[position] != *b[position]) names.push_back(name);
  }
  return names;
}

}  // namespace

void check_table(const SweepSpec& sweep, const std::vector<const Row*>& cells) {
  if (!sweep.report.contains("table")) return;
  const Json& table = sweep.report.at("table");
  std::vector<size_t> positions;
  for (const std::string name : table.at("rows")) positions.push_back(parameter_position(name));
  for (const std::string name : table.value("columns", Json::array())) positions.push_back(parameter_position(name));

  std::unordered_map<std::string, const Row*> fields;
  for (const Row* cell : cells) {
    std::string field;
    for (const size_t position : positions) field += canonical(*(*cell)[position]) + "\n";
    const auto [taken, is_new] = fields.emplace(std::move(field), cell);
    if (is_new) continue;
    throw ConfigError(
        fmt::format("{}: report.table: two cells would share a field ({}): they differ in {}; name it in "
                    "`rows` or `columns`",
                    sweep.file.string(), cell_label(sweep, *cell), join(differences(*cell, *taken->second))));
  }
}

}  // namespace camsweep

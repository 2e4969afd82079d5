#include "results/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "results/metric_info.h"
#include "results/table_notes.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::vector<std::string> texts(const Json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

std::vector<std::string> metric_names(const Comparison& comparison) {
  std::set<std::string> names;
  for (const ComparedCell& cell : comparison.cells) {
    for (const auto& [name, summary] : cell.metrics) names.insert(name);
  }
  return {names.begin(), names.end()};
}

using Keys = std::vector<Json>;

Keys keys_of(const ComparedCell& cell, const std::vector<std::string>& parameters) {
  Keys keys;
  for (const std::string& name : parameters) keys.push_back(cell.parameters.value(name, Json()));
  return keys;
}

// Where each value of a parameter stands: numbers in numerical order, all else in the sweep's.
std::map<Json, size_t> value_order(const Comparison& comparison, const std::string& parameter) {
  std::vector<Json> values;
  std::set<Json> known;
  for (const ComparedCell& cell : comparison.cells) {
    const Json value = cell.parameters.value(parameter, Json());
    if (known.insert(value).second) values.push_back(value);
  }
  const auto is_number = [](const Json& value) { return value.is_number(); };
  if (std::all_of(values.begin(), values.end(), is_number)) std::sort(values.begin(), values.end());
  std::map<Json, size_t> order;
  for (size_t i = 0; i < values.size(); ++i) order.emplace(values[i], i);
  return order;
}

// The combinations that occur, in the order of their values.
std::vector<Keys> combinations(const Comparison& comparison, const std::vector<std::string>& parameters) {
  std::vector<std::map<Json, size_t>> orders;
  for (const std::string& name : parameters) orders.push_back(value_order(comparison, name));
  std::map<std::vector<size_t>, Keys> sorted;
  for (const ComparedCell& cell : comparison.cells) {
    Keys keys = keys_of(cell, parameters);
    std::vector<size_t> place;
    for (size_t i = 0; i < keys.size(); ++i) place.push_back(orders[i].at(keys[i]));
    sorted.emplace(std::move(place), std::move(keys));
  }
  std::vector<Keys> all;
  for (auto& [place, keys] : sorted) all.push_back(std::move(keys));
  return all;
}

std::vector<std::string> key_texts(const Keys& keys) {
  std::vector<std::string> all;
  for (const Json& key : keys) all.push_back(key.is_null() ? "" : parameter_text(key));
  return all;
}

void require_names(const Comparison& comparison, const TableSpec& spec) {
  std::set<std::string> parameters;
  for (const ComparedCell& cell : comparison.cells) {
    for (const auto& [name, value] : cell.parameters.items()) parameters.insert(name);
  }
  const std::vector<std::string> known(parameters.begin(), parameters.end());
  for (const auto* names : {&spec.rows, &spec.columns}) {
    for (const std::string& name : *names) {
      if (parameters.contains(name)) continue;
      throw ConfigError(fmt::format("no cell has the parameter '{}'{}", name, did_you_mean(name, known)));
    }
  }
  const std::vector<std::string> metrics = metric_names(comparison);
  for (const std::string& value : spec.values) {
    const bool found = std::find(metrics.begin(), metrics.end(), value) != metrics.end();
    // A metric that we know may come with jobs that have not run yet.
    if (found || metric_info(value).known) continue;
    throw ConfigError(fmt::format("no job has the metric '{}'{}", value, did_you_mean(value, metrics)));
  }
}

std::string difference(const ComparedCell& a, const ComparedCell& b) {
  for (const std::string& name : varying_parameters({a, b})) return name;
  return "nothing";
}

using CellsByKeys = std::map<std::pair<Keys, Keys>, const ComparedCell*>;  // row, column

CellsByKeys place_cells(const Comparison& comparison, const TableSpec& spec) {
  CellsByKeys places;
  for (const ComparedCell& cell : comparison.cells) {
    const auto [place, is_free] =
        places.emplace(std::pair{keys_of(cell, spec.rows), keys_of(cell, spec.columns)}, &cell);
    if (is_free) continue;
    throw ConfigError(
        fmt::format("two cells share a field; they differ in '{0}': show {0} along the rows or the columns, too",
                    difference(*place->second, cell)));
  }
  return places;
}

Missing missing_because(const ComparedCell& cell, const std::string& metric) {
  const std::string stage(stage_name(metric_stage(metric)));
  if (cell.failed_stages.contains(stage)) return Missing::kFailed;
  return cell.pending_stages.contains(stage) ? Missing::kPending : Missing::kNotReported;
}

TableField make_field(const ComparedCell* cell, const std::string& metric) {
  TableField field;
  if (cell == nullptr) return field;
  refuse_repeated(cell->repeated, metric, "field");
  field.of = cell->seeds;
  const auto found = cell->metrics.find(metric);
  if (found == cell->metrics.end()) {
    field.missing = missing_because(*cell, metric);
  } else {
    field.summary = found->second;
    field.selected_on_test = cell->parameters.value("select_on", "none") == "test";
  }
  return field;
}

std::string mean_text(const TableField& field, const std::string& metric) {
  return fmt::format("{:.{}f}", field.summary->mean, metric_info(metric).decimals);
}

// Fields that read like the best one are best, too: digits that are not shown decide nothing.
void mark_best(Table& table, size_t column) {
  const std::string& metric = table.columns[column].metric;
  const MetricInfo::Better better = metric_info(metric).better;
  if (better == MetricInfo::Better::kUnknown) return;
  std::vector<TableField*> fields;
  for (TableRow& row : table.rows) {
    if (row.fields[column].summary) fields.push_back(&row.fields[column]);
  }
  if (fields.size() < 2) return;
  const TableField* best = *std::max_element(fields.begin(), fields.end(), [&](const auto* a, const auto* b) {
    const bool less = a->summary->mean < b->summary->mean;
    const bool more = a->summary->mean > b->summary->mean;
    return better == MetricInfo::Better::kHigher ? less : more;
  });
  for (TableField* field : fields) field->best = mean_text(*field, metric) == mean_text(*best, metric);
}

// The range of a metric over the cells of one column, "" if none has it.
std::string range_text(const std::vector<const ComparedCell*>& cells, const std::string& metric, int decimals) {
  std::vector<double> means;
  for (const ComparedCell* cell : cells) {
    if (cell == nullptr) continue;
    const auto found = cell->metrics.find(metric);
    if (found != cell->metrics.end()) means.push_back(found->second.mean);
  }
  if (means.empty()) return "";
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  const std::string from = fmt::format("{:.{}f}", *low, decimals);
  const std::string to = fmt::format("{:.{}f}", *high, decimals);
  return from == to ? from : from + " to " + to;
}

using Grid = std::vector<std::vector<const ComparedCell*>>;  // column -> row

std::vector<FloorRow> floor_rows(const Table& table, const Grid& grid) {
  std::vector<FloorRow> rows;
  for (const auto& [box, title] : {std::pair{"whole_image", "whole-image box"}, {"centred", "best centred box"}}) {
    FloorRow row{.title = title, .texts = {}};
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const auto floor = floor_metric(table.columns[i].metric, box);
      row.texts.push_back(floor ? range_text(grid[i], *floor, metric_info(table.columns[i].metric).decimals) : "");
    }
    const auto has_text = [](const std::string& text) { return !text.empty(); };
    if (std::any_of(row.texts.begin(), row.texts.end(), has_text)) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

TableSpec table_spec(const Comparison& comparison) {
  if (comparison.report.contains("table")) {
    const Json& table = comparison.report.at("table");
    return {.rows = texts(table.value("rows", Json::array())),
            .columns = texts(table.value("columns", Json::array())),
            .values = texts(table.value("value", Json::array()))};
  }
  TableSpec spec{.rows = varying_parameters(comparison.cells), .columns = {}, .values = {"test.top1"}};
  if (spec.rows.empty()) spec.rows = {"backbone"};
  const std::vector<std::string> metrics = metric_names(comparison);
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [](const std::string& name) { return name.ends_with(".maxboxacc"); });
  if (found != metrics.end()) spec.values = {*found};
  return spec;
}

Table make_table(const Comparison& comparison, const TableSpec& spec) {
  if (comparison.cells.empty()) throw ConfigError(fmt::format("the sweep {} has no cells", comparison.sweep));
  if (spec.rows.empty()) throw ConfigError("a table needs a parameter along its rows");
  require_names(comparison, spec);
  Table table{.spec = spec, .columns = {}, .rows = {}, .floors = {}, .notes = {}};
  const CellsByKeys places = place_cells(comparison, spec);
  const std::vector<Keys> row_keys = combinations(comparison, spec.rows);
  for (const Keys& keys : row_keys) table.rows.push_back({key_texts(keys), {}});
  Grid grid;
  for (const std::string& metric : spec.values) {
    for (const Keys& keys : combinations(comparison, spec.columns)) {
      table.columns.push_back({metric, key_texts(keys)});
      std::vector<const ComparedCell*>& column = grid.emplace_back();
      for (size_t row = 0; row < row_keys.size(); ++row) {
        const auto found = places.find({row_keys[row], keys});
        column.push_back(found == places.end() ? nullptr : found->second);
        table.rows[row].fields.push_back(make_field(column.back(), metric));
      }
      mark_best(table, table.columns.size() - 1);
    }
  }
  table.floors = floor_rows(table, grid);
  table.notes = table_notes(table, comparison);
  return table;
}

}  // namespace camsweep

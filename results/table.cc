#include "results/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "results/metric_info.h"
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

std::vector<Json> keys_of(const ComparedCell& cell, const std::vector<std::string>& parameters) {
  std::vector<Json> keys;
  for (const std::string& name : parameters) keys.push_back(cell.parameters.value(name, Json()));
  return keys;
}

// Different combinations, numbers in numerical order, all else in the sweep's.
std::vector<std::vector<Json>> combinations(const Comparison& comparison, const std::vector<std::string>& parameters) {
  std::vector<std::vector<Json>> all;
  for (const ComparedCell& cell : comparison.cells) {
    const std::vector<Json> keys = keys_of(cell, parameters);
    if (std::find(all.begin(), all.end(), keys) == all.end()) all.push_back(keys);
  }
  const std::vector<std::vector<Json>> found = all;  // `all` is in pieces while it is sorted
  const auto rank = [&](size_t parameter, const Json& value) {
    const auto place =
        std::find_if(found.begin(), found.end(), [&](const auto& keys) { return keys[parameter] == value; });
    return place - found.begin();
  };
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i]) continue;
      if (a[i].is_number() && b[i].is_number()) return a[i].template get<double>() < b[i].template get<double>();
      return rank(i, a[i]) < rank(i, b[i]);
    }
    return false;
  });
  return all;
}

std::vector<std::string> key_texts(const std::vector<Json>& keys) {
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
      if (!parameters.contains(name)) {
        throw ConfigError(fmt::format("no cell has the parameter '{}'{}", name, did_you_mean(name, known)));
      }
    }
  }
  const std::vector<std::string> metrics = metric_names(comparison);
  for (const std::string& value : spec.values) {
    const bool found = std::find(metrics.begin(), metrics.end(), value) != metrics.end();
    if (!found && !metrics.empty()) {
      throw ConfigError(fmt::format("no job has the metric '{}'{}", value, did_you_mean(value, metrics)));
    }
  }
}

std::string difference(const ComparedCell& a, const ComparedCell& b) {
  for (const auto& [name, value] : a.parameters.items()) {
    if (b.parameters.value(name, Json()) != value) return name;
  }
  return "nothing";
}

const ComparedCell* find_cell(const Comparison& comparison, const TableSpec& spec, const std::vector<Json>& row,
                              const std::vector<Json>& column) {
  const ComparedCell* found = nullptr;
  for (const ComparedCell& cell : comparison.cells) {
    if (keys_of(cell, spec.rows) != row || keys_of(cell, spec.columns) != column) continue;
    if (found != nullptr) {
      throw ConfigError(
          fmt::format("two cells share a field of the table; they differ in '{}': add it to the rows or "
                      "columns",
                      difference(*found, cell)));
    }
    found = &cell;
  }
  return found;
}

TableField make_field(const ComparedCell* cell, const std::string& metric) {
  TableField field;
  if (cell == nullptr) return field;
  field.missing = cell->failed > 0 ? Missing::kFailed : Missing::kPending;
  field.selected_on_test = cell->parameters.value("select_on", "none") == "test";
  if (const auto found = cell->metrics.find(metric); found != cell->metrics.end()) field.summary = found->second;
  return field;
}

void mark_best(Table& table, const std::string& metric) {
  const MetricInfo::Better better = metric_info(metric).better;
  if (better == MetricInfo::Better::kUnknown) return;
  TableField* best = nullptr;
  int fields = 0;
  for (TableRow& row : table.rows) {
    for (size_t i = 0; i < row.fields.size(); ++i) {
      TableField& field = row.fields[i];
      if (table.columns[i].metric != metric || !field.summary) continue;
      ++fields;
      const bool higher = best == nullptr || field.summary->mean > best->summary->mean;
      if (best == nullptr || higher == (better == MetricInfo::Better::kHigher)) best = &field;
    }
  }
  if (fields > 1) best->best = true;
}

// MaxBoxAcc says little without what a box that ignores the image would get.
std::vector<std::string> floor_notes(const Comparison& comparison, const TableSpec& spec) {
  const bool boxes = std::any_of(spec.values.begin(), spec.values.end(),
                                 [](const std::string& value) { return value.find("boxacc") != std::string::npos; });
  std::vector<std::string> notes;
  if (!boxes) return notes;
  for (const std::string metric : {"floor.whole_image", "floor.centred"}) {
    double low = 0;
    double high = 0;
    int64_t n = 0;
    for (const ComparedCell& cell : comparison.cells) {
      const auto found = cell.metrics.find(metric);
      if (found == cell.metrics.end()) continue;
      low = n == 0 ? found->second.mean : std::min(low, found->second.mean);
      high = n == 0 ? found->second.mean : std::max(high, found->second.mean);
      ++n;
    }
    if (n == 0) continue;
    const std::string range =
        high - low < 0.05 ? fmt::format("{:.1f}", low) : fmt::format("{:.1f} to {:.1f}", low, high);
    notes.push_back(fmt::format("floor: {} {}", metric_info(metric).title, range));
  }
  return notes;
}

std::vector<std::string> mark_notes(const Table& table) {
  std::set<int64_t> counts;
  std::set<Missing> missing;
  bool on_test = false;
  for (const TableRow& row : table.rows) {
    for (const TableField& field : row.fields) {
      if (field.summary) counts.insert(field.summary->n);
      if (!field.summary) missing.insert(field.missing);
      on_test = on_test || field.selected_on_test;
    }
  }
  std::vector<std::string> notes;
  if (counts.size() > 1 || (counts.size() == 1 && *counts.begin() > 1)) {
    notes.push_back("mean ± standard deviation over " +
                    (counts.size() == 1 ? fmt::format("n = {} replicates", *counts.begin())
                                        : fmt::format("n = {} to {} replicates", *counts.begin(), *counts.rbegin())));
  }
  if (missing.contains(Missing::kPending)) notes.push_back("… : not run yet");
  if (missing.contains(Missing::kFailed)) notes.push_back("✗ : failed");
  if (missing.contains(Missing::kNotInGrid)) notes.push_back("– : not in the grid");
  if (on_test) notes.push_back("† : selected on test");
  return notes;
}

}  // namespace

TableSpec table_spec(const Comparison& comparison) {
  if (comparison.report.contains("table")) {
    const Json& table = comparison.report.at("table");
    return {.rows = texts(table.value("rows", Json::array())),
            .columns = texts(table.value("columns", Json::array())),
            .values = texts(table.value("value", Json::array()))};
  }
  TableSpec spec{.rows = varying_parameters(comparison.cells), .columns = {}, .values = {}};
  if (spec.rows.empty()) spec.rows = {"backbone"};
  for (const std::string& name : metric_names(comparison)) {
    if (name.ends_with(".maxboxacc") && spec.values.empty()) spec.values = {name};
  }
  if (spec.values.empty()) spec.values = {"test.top1"};
  return spec;
}

Table make_table(const Comparison& comparison, const TableSpec& spec) {
  require_names(comparison, spec);
  Table table{.spec = spec, .columns = {}, .rows = {}, .notes = {}};
  const auto column_keys = combinations(comparison, spec.columns);
  for (const std::string& metric : spec.values) {
    for (const std::vector<Json>& keys : column_keys) table.columns.push_back({metric, key_texts(keys)});
  }
  for (const std::vector<Json>& row_keys : combinations(comparison, spec.rows)) {
    TableRow row{.keys = key_texts(row_keys), .fields = {}};
    for (const std::string& metric : spec.values) {
      for (const std::vector<Json>& keys : column_keys) {
        row.fields.push_back(make_field(find_cell(comparison, spec, row_keys, keys), metric));
      }
    }
    table.rows.push_back(std::move(row));
  }
  for (const std::string& metric : spec.values) mark_best(table, metric);
  table.notes = floor_notes(comparison, spec);
  for (std::string& note : mark_notes(table)) table.notes.push_back(std::move(note));
  return table;
}

}  // namespace camsweep

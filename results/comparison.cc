#include "results/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "results/query.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Jobs of the listed cells that use the final weights, with the cell each counts for.
constexpr const char* kLinks =
    "SELECT DISTINCT cell_jobs.cell, cell_jobs.seed, jobs.id, jobs.state, jobs.stage FROM cell_jobs"
    " JOIN cells ON cells.id = cell_jobs.cell AND cells.stale = 0"
    " JOIN jobs ON jobs.id = cell_jobs.job AND jobs.stale = 0";

using CellIndex = std::unordered_map<std::string, size_t>;

CellIndex read_cells(Database& database, Comparison& comparison) {
  CellIndex index;
  Statement rows(database, "SELECT id, parameters FROM cells WHERE stale = 0 ORDER BY position");
  while (rows.step()) {
    index[rows.text(0)] = comparison.cells.size();
    ComparedCell cell;
    cell.id = rows.text(0);
    cell.parameters = Json::parse(rows.text(1));
    comparison.cells.push_back(std::move(cell));
  }
  return index;
}

void read_states(Database& database, const CellIndex& index, Comparison& comparison) {
  Statement rows(database, kLinks);
  while (rows.step()) {
    const auto found = index.find(rows.text(0));
    if (found == index.end()) continue;
    ComparedCell& cell = comparison.cells[found->second];
    const std::string state = rows.text(3);
    if (state == "failed" || state == "blocked") ++cell.failed;
    if (state == "waiting" || state == "running") ++cell.pending;
  }
  Statement counts(database, "SELECT state, count(*) FROM jobs WHERE stale = 0 GROUP BY state");
  while (counts.step()) comparison.jobs[counts.text(0)] = counts.integer(1);
  Statement failures(database,
                     "SELECT id, stage, reason FROM jobs WHERE stale = 0 AND state = 'failed' ORDER BY position");
  while (failures.step()) comparison.failures.push_back({failures.text(0), failures.text(1), failures.text(2)});
}

void read_families(Database& database, const CellIndex& index, Comparison& comparison) {
  Statement rows(database, fmt::format("SELECT link.cell, json_extract(jobs.identity, '$.parameters.variant.family')"
                                       " FROM ({}) AS link JOIN jobs ON jobs.id = link.id WHERE jobs.stage = 'train'",
                                       kLinks));
  while (rows.step()) {
    const auto found = index.find(rows.text(0));
    if (found != index.end()) comparison.cells[found->second].family = rows.text(1);
  }
}

void read_metrics(Database& database, const CellIndex& index, Comparison& comparison) {
  Statement finals(database, "SELECT cell, metric, mean, std, n FROM cells_summary");
  while (finals.step()) {
    const auto found = index.find(finals.text(0));
    if (found == index.end() || finals.is_null(2)) continue;
    comparison.cells[found->second].metrics[finals.text(1)] = {
        .mean = finals.real(2), .std = finals.optional_real(3), .n = finals.integer(4)};
  }
  Statement histories(database,
                      fmt::format("SELECT link.cell, m.metric, m.epoch, m.value FROM ({}) AS link JOIN job_metrics AS m"
                                  " ON m.job = link.id WHERE m.epoch IS NOT NULL AND m.value IS NOT NULL"
                                  " ORDER BY m.metric, link.seed, m.epoch",
                                  kLinks));
  while (histories.step()) {
    const auto found = index.find(histories.text(0));
    if (found == index.end()) continue;
    comparison.cells[found->second].histories[histories.text(1)].push_back({histories.integer(2), histories.real(3)});
  }
}

std::vector<double> numbers(const std::string& json) {
  std::vector<double> values;
  for (const Json& value : Json::parse(json)) values.push_back(value.is_null() ? 0.0 : value.get<double>());
  return values;
}

// Replicates share their x: y is averaged.
void read_curves(Database& database, const CellIndex& index, Comparison& comparison) {
  Statement rows(database, fmt::format("SELECT link.cell, curves.name, curves.x_name, curves.x, curves.y, jobs.at_epoch"
                                       " FROM ({}) AS link JOIN curves ON curves.job = link.id"
                                       " JOIN jobs ON jobs.id = link.id WHERE jobs.at_epoch IS NULL",
                                       kLinks));
  std::map<std::pair<size_t, std::string>, int> counts;
  while (rows.step()) {
    const auto found = index.find(rows.text(0));
    if (found == index.end()) continue;
    CurveSeries& series = comparison.cells[found->second].curves[rows.text(1)];
    const std::vector<double> y = numbers(rows.text(4));
    const int count = counts[{found->second, rows.text(1)}]++;
    if (count == 0) {
      series = {.x_name = rows.text(2), .x = numbers(rows.text(3)), .y = y};
      continue;
    }
    if (series.y.size() != y.size()) continue;
    for (size_t i = 0; i < y.size(); ++i) series.y[i] += (y[i] - series.y[i]) / (count + 1);
  }
}

// A label is "<image id>|<method>".
void read_overlays(Database& database, const fs::path& folder, Comparison& comparison) {
  Statement rows(database,
                 fmt::format("SELECT link.cell, a.job, a.attempt, a.path, a.label FROM ({}) AS link"
                             " JOIN artifacts AS a ON a.job = link.id JOIN jobs ON jobs.id = link.id"
                             " WHERE a.kind = 'overlay' AND jobs.at_epoch IS NULL ORDER BY link.seed, a.label",
                             kLinks));
  while (rows.step()) {
    const std::string label = rows.text(4);
    const size_t bar = label.rfind('|');
    comparison.overlays.push_back({.cell = rows.text(0),
                                   .image = label.substr(0, bar),
                                   .method = bar == std::string::npos ? "" : label.substr(bar + 1),
                                   .file = folder / "jobs" / rows.text(1) / "attempts" / rows.text(2) / rows.text(3)});
  }
}

void read_sweep(Database& database, Comparison& comparison) {
  Statement row(database, "SELECT name, report, updated_at FROM sweeps");
  if (!row.step()) throw ConfigError(database.file().string() + " holds no sweep yet");
  comparison.sweep = row.text(0);
  comparison.report = Json::parse(row.text(1));
  comparison.updated_at = row.text(2);
  Statement environment(database,
                        "SELECT name, value FROM environment WHERE job = (SELECT job FROM attempts WHERE state ="
                        " 'accepted' ORDER BY ended_at DESC LIMIT 1)");
  while (environment.step()) comparison.environment[environment.text(0)] = Json::parse(environment.text(1));
}

}  // namespace

Comparison read_comparison(const fs::path& sweep_folder) {
  Database database = open_reader(sweep_folder / "results.db");
  Comparison comparison;
  read_sweep(database, comparison);
  const CellIndex index = read_cells(database, comparison);
  read_states(database, index, comparison);
  read_families(database, index, comparison);
  read_metrics(database, index, comparison);
  read_curves(database, index, comparison);
  read_overlays(database, sweep_folder, comparison);
  return comparison;
}

std::vector<std::string> varying_parameters(const std::vector<ComparedCell>& cells) {
  std::vector<std::string> candidates = {"backbone"};
  for (const ComparedCell& cell : cells) {
    for (const auto& [name, value] : cell.parameters.items()) {
      if (std::find(candidates.begin(), candidates.end(), name) == candidates.end()) candidates.push_back(name);
    }
  }
  std::sort(candidates.begin() + 1, candidates.end());
  std::vector<std::string> names;
  std::vector<std::string> groups(cells.size());  // cells with one text are not told apart yet
  size_t distinct = 1;
  for (const std::string& name : candidates) {
    std::vector<std::string> finer = groups;
    for (size_t i = 0; i < cells.size(); ++i) finer[i] += cells[i].parameters.value(name, Json()).dump() + "|";
    const size_t now = std::set<std::string>(finer.begin(), finer.end()).size();
    if (now <= distinct) continue;
    names.push_back(name);
    groups = std::move(finer);
    distinct = now;
  }
  return names;
}

std::string parameter_text(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string cell_title(const ComparedCell& cell, const std::vector<std::string>& varying) {
  std::string title;
  for (const std::string& name : varying) {
    if (!cell.parameters.contains(name)) continue;
    const Json& value = cell.parameters.at(name);
    if (!title.empty()) title += ", ";
    title += value.is_string() ? value.get<std::string>() : name + " " + parameter_text(value);
  }
  return title.empty() ? "all cells" : title;
}

}  // namespace camsweep

// Numbers of jobs become values of cells: summaries over the replicates of one entry of `analyses`.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "results/comparison_parts.h"

namespace camsweep {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What one entry of `analyses` (0 = training) reports under one name in one cell.
struct Reported {
  std::set<std::string> jobs;
  std::map<double, std::vector<double>> points;  // x -> a value per replicate

  void add(const std::string& job, double x, double value) {
    points[x].push_back(value);
    jobs.insert(job);
  }
};

using ByEntry = std::map<int64_t, Reported>;
using Collected = std::map<std::pair<std::string, std::string>, ByEntry>;  // cell, name

// Entries that resolve to the same jobs report the same numbers: the one that has all of them. None if two entries
// report from different jobs, which are no replicates of each other.
const Reported* common_report(const ByEntry& entries) {
  const auto fewer = [](const auto& a, const auto& b) { return a.second.jobs.size() < b.second.jobs.size(); };
  const Reported& most = std::max_element(entries.begin(), entries.end(), fewer)->second;
  const bool has_all = std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
    const std::set<std::string>& jobs = entry.second.jobs;
    return std::includes(most.jobs.begin(), most.jobs.end(), jobs.begin(), jobs.end());
  });
  return has_all ? &most : nullptr;
}

Series series_of(const Reported& reported) {
  Series series;
  for (const auto& [x, values] : reported.points) {
    if (const auto summary = summarize(values)) series.push_back({x, *summary});
  }
  return series;
}

void read_finals(Database& database, const CellIndex& cells) {
  Statement rows(database, fmt::format("SELECT link.cell, metrics.name, link.entry, link.id, metrics.value"
                                       " FROM ({}) AS link JOIN metrics ON metrics.job = link.id"
                                       " WHERE link.state = 'done' AND link.at_epoch IS NULL AND metrics.epoch IS NULL",
                                       kLinks));
  Collected collected;
  while (rows.step()) {
    collected[{rows.text(0), rows.text(1)}][rows.integer(2)].add(rows.text(3), 0, rows.optional_real(4).value_or(kNaN));
  }
  for (const auto& [key, entries] : collected) {
    ComparedCell& cell = cells.at(key.first);
    const Reported* report = common_report(entries);
    if (report == nullptr) cell.repeated.insert(key.second);
    const Series series = series_of(report == nullptr ? entries.begin()->second : *report);
    if (!series.empty()) cell.metrics.emplace(key.second, series.front().y);
  }
}

void keep_series(const Collected& collected, const CellIndex& cells,
                 std::map<std::string, Series> ComparedCell::*series, std::set<std::string> ComparedCell::*repeated) {
  for (const auto& [key, entries] : collected) {
    ComparedCell& cell = cells.at(key.first);
    const Reported* report = common_report(entries);
    if (report == nullptr) {
      (cell.*repeated).insert(key.second);
    } else {
      (cell.*series)[key.second] = series_of(*report);
    }
  }
}

// What an analysis finds at a snapshot is a point of a history, too; what it finds at the final weights is the last
// one, of the entries that look at snapshots at all.
void read_histories(Database& database, const CellIndex& cells) {
  Statement rows(database, fmt::format("SELECT link.cell, metrics.name, link.entry, link.id, metrics.value,"
                                       " coalesce(metrics.epoch, link.at_epoch)"
                                       " FROM ({}) AS link JOIN metrics ON metrics.job = link.id"
                                       " WHERE link.state = 'done' AND (metrics.epoch IS NOT NULL"
                                       " OR link.at_epoch IS NOT NULL OR link.stage <> 'train')",
                                       kLinks));
  Collected collected;
  Collected finals;
  std::set<std::pair<std::string, int64_t>> followed;  // name and entry
  while (rows.step()) {
    const std::pair key{rows.text(0), rows.text(1)};
    const double value = rows.optional_real(4).value_or(kNaN);
    if (!rows.is_null(5)) {
      collected[key][rows.integer(2)].add(rows.text(3), rows.real(5), value);
      followed.emplace(key.second, rows.integer(2));
      continue;
    }
    const Json epochs = cells.at(key.first).parameters.value("epochs", Json());
    if (epochs.is_number()) finals[key][rows.integer(2)].add(rows.text(3), epochs.get<double>(), value);
  }
  for (const auto& [key, entries] : finals) {
    for (const auto& [entry, report] : entries) {
      if (!followed.contains({key.second, entry})) continue;
      Reported& history = collected[key][entry];
      history.jobs.insert(report.jobs.begin(), report.jobs.end());
      for (const auto& [x, values] : report.points) {
        history.points[x].insert(history.points[x].end(), values.begin(), values.end());
      }
    }
  }
  keep_series(collected, cells, &ComparedCell::histories, &ComparedCell::repeated_histories);
}

void read_curves(Database& database, const CellIndex& cells) {
  Statement rows(database, fmt::format("SELECT link.cell, curves.name, link.entry, link.id, curves.x, curves.y"
                                       " FROM ({}) AS link JOIN curves ON curves.job = link.id"
                                       " WHERE link.state = 'done' AND link.at_epoch IS NULL",
                                       kLinks));
  Collected collected;
  while (rows.step()) {
    const Json x = Json::parse(rows.text(4));
    const Json y = Json::parse(rows.text(5));
    Reported& report = collected[{rows.text(0), rows.text(1)}][rows.integer(2)];
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      if (x[i].is_number()) report.add(rows.text(3), x[i].get<double>(), y[i].is_number() ? y[i].get<double>() : kNaN);
    }
  }
  keep_series(collected, cells, &ComparedCell::curves, &ComparedCell::repeated_curves);
}

}  // namespace

void read_values(Database& database, const CellIndex& cells) {
  read_finals(database, cells);
  read_histories(database, cells);
  read_curves(database, cells);
}

}  // namespace camsweep

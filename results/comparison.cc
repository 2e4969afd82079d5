#include "results/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

// Parameters that a cell of ours has, in the order of the table; others after them by name.
std::vector<std::string> names_in_order(const std::vector<ComparedCell>& cells) {
  std::set<std::string> present;
  for (const ComparedCell& cell : cells) {
    for (const auto& [name, value] : cell.parameters.items()) present.insert(name);
  }
  std::vector<std::string> names;
  for (const std::string& name : parameter_names()) {
    if (present.erase(name) > 0) names.push_back(name);
  }
  names.insert(names.end(), present.begin(), present.end());
  return names;
}

size_t distinct_cells(const std::vector<ComparedCell>& cells, const std::vector<std::string>& names) {
  std::set<std::vector<Json>> distinct;
  for (const ComparedCell& cell : cells) {
    std::vector<Json> values;
    for (const std::string& name : names) values.push_back(cell.parameters.value(name, Json()));
    distinct.insert(std::move(values));
  }
  return distinct.size();
}

}  // namespace

std::optional<Summary> summarize(const std::vector<double>& values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  if (finite.empty()) return std::nullopt;
  const auto n = static_cast<double>(finite.size());
  Summary summary{.mean = 0, .std = std::nullopt, .n = static_cast<int64_t>(finite.size())};
  summary.mean = std::accumulate(finite.begin(), finite.end(), 0.0) / n;
  if (finite.size() == 1) return summary;
  double squares = 0;
  for (const double value : finite) squares += (value - summary.mean) * (value - summary.mean);
  summary.std = std::sqrt(squares / (n - 1));
  return summary;
}

std::vector<std::string> varying_parameters(const std::vector<ComparedCell>& cells) {
  std::vector<std::string> names = names_in_order(cells);
  std::erase_if(names, [&](const std::string& name) { return distinct_cells(cells, {name}) < 2; });
  const size_t all = distinct_cells(cells, names);
  for (size_t i = names.size(); i-- > 0;) {
    std::vector<std::string> without = names;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (distinct_cells(cells, without) == all) names = std::move(without);
  }
  return names;
}

void refuse_repeated(const std::set<std::string>& repeated, const std::string& name, std::string_view place) {
  if (!repeated.contains(name)) return;
  throw ConfigError(
      fmt::format("two entries of `analyses` report {}, which one {} cannot show; make the option in which they differ "
                  "an axis of the matrix",
                  name, place));
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
    title += name == "backbone" ? parameter_text(value) : name + " " + parameter_text(value);
  }
  return title.empty() ? "all cells" : title;
}

}  // namespace camsweep

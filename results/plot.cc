#include "results/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "results/metric_info.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

struct KindInfo {
  PlotKind kind;
  std::string_view name;
  std::vector<std::string> options;
};

const std::array<KindInfo, 4>& kinds() {
  static const std::array<KindInfo, 4> all = {{{PlotKind::kHistory, "history", {"metric"}},
                                               {PlotKind::kBars, "bars", {"metric", "over", "by"}},
                                               {PlotKind::kScatter, "scatter", {"x", "y"}},
                                               {PlotKind::kErf, "erf", {}}}};
  return all;
}

const KindInfo& kind_info(const std::string& name) {
  std::vector<std::string> known;
  for (const KindInfo& info : kinds()) {
    if (info.name == name) return info;
    known.emplace_back(info.name);
  }
  throw ConfigError(fmt::format("unknown plot '{}'; known: {}{}", name, join(known), did_you_mean(name, known)));
}

std::string text_option(const Json& options, const std::string& name, const std::string& otherwise) {
  return options.is_object() ? options.value(name, otherwise) : otherwise;
}

[[noreturn]] void nothing_to_show(const std::string& what) {
  throw ConfigError(fmt::format("there is nothing to draw: no cell has {} yet", what));
}

// Parameters that tell the series apart, without the ones an axis already shows.
std::string series_title(const Comparison& comparison, const ComparedCell& cell, const std::string& without = "") {
  std::vector<std::string> varying = varying_parameters(comparison.cells);
  std::erase(varying, without);
  return cell_title(cell, varying);
}

int shape_of(const ComparedCell& cell) { return cell.parameters.value("augmentation", false) ? 1 : 0; }

// Mean and deviation over the replicates of every epoch.
std::vector<PlotPoint> history_points(const std::vector<HistoryPoint>& history) {
  std::map<int64_t, std::vector<double>> by_epoch;
  for (const HistoryPoint& point : history) by_epoch[point.epoch].push_back(point.value);
  std::vector<PlotPoint> points;
  for (const auto& [epoch, values] : by_epoch) {
    double sum = 0;
    for (const double value : values) sum += value;
    const double mean = sum / static_cast<double>(values.size());
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    PlotPoint point{.x = static_cast<double>(epoch), .y = mean, .x_error = std::nullopt, .y_error = std::nullopt};
    if (values.size() > 1) point.y_error = std::sqrt(squares / static_cast<double>(values.size() - 1));
    points.push_back(point);
  }
  return points;
}

PlotData history(const Comparison& comparison, const PlotSpec& spec) {
  PlotData data{.kind = spec.kind,
                .x_title = "epoch",
                .y_title = metric_info(spec.metric).title,
                .x_labels = {},
                .series = {},
                .caption = metric_info(spec.metric).title + " against epoch"};
  for (const ComparedCell& cell : comparison.cells) {
    const auto found = cell.histories.find(spec.metric);
    if (found == cell.histories.end()) continue;
    data.series.push_back({.title = series_title(comparison, cell),
                           .family = cell.family,
                           .shape = shape_of(cell),
                           .points = history_points(found->second)});
  }
  if (data.series.empty()) nothing_to_show("a history of " + spec.metric);
  return data;
}

size_t place_of(std::vector<std::string>& labels, const std::string& label) {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found != labels.end()) return static_cast<size_t>(found - labels.begin());
  labels.push_back(label);
  return labels.size() - 1;
}

// Cells that differ in a parameter which is neither `over` nor `by` would lie on one bar.
void require_alone(const Comparison& comparison, const PlotSpec& spec) {
  for (const std::string& name : varying_parameters(comparison.cells)) {
    if (name == spec.over || name == spec.by) continue;
    for (const ComparedCell& a : comparison.cells) {
      for (const ComparedCell& b : comparison.cells) {
        const auto same = [&](const std::string& key) {
          return key.empty() || a.parameters.value(key, Json()) == b.parameters.value(key, Json());
        };
        if (a.id != b.id && same(spec.over) && same(spec.by)) {
          throw ConfigError(
              fmt::format("two cells share a bar; they differ in '{}': name it with `by` or `over`", name));
        }
      }
    }
  }
}

PlotData bars(const Comparison& comparison, const PlotSpec& spec) {
  require_alone(comparison, spec);
  PlotData data{.kind = spec.kind,
                .x_title = spec.over,
                .y_title = metric_info(spec.metric).title,
                .x_labels = {},
                .series = {},
                .caption = fmt::format("{} over {}", metric_info(spec.metric).title, spec.over)};
  int64_t replicates = 1;
  std::vector<std::string> groups;
  for (const ComparedCell& cell : comparison.cells) {
    const auto found = cell.metrics.find(spec.metric);
    if (found == cell.metrics.end()) continue;
    const size_t x = place_of(data.x_labels, parameter_text(cell.parameters.value(spec.over, Json())));
    const std::string group =
        spec.by.empty() ? metric_info(spec.metric).title
                        : fmt::format("{} {}", spec.by, parameter_text(cell.parameters.value(spec.by, Json())));
    const size_t series = place_of(groups, group);
    if (series == data.series.size()) data.series.push_back({.title = group, .family = "", .shape = 0, .points = {}});
    data.series[series].points.push_back(
        {.x = static_cast<double>(x), .y = found->second.mean, .x_error = std::nullopt, .y_error = found->second.std});
    replicates = std::max(replicates, found->second.n);
  }
  if (data.series.empty()) nothing_to_show(spec.metric);
  if (replicates > 1) data.caption += fmt::format("; bars: standard deviation over n = {}", replicates);
  return data;
}

PlotData scatter(const Comparison& comparison, const PlotSpec& spec) {
  PlotData data{
      .kind = spec.kind,
      .x_title = metric_info(spec.x).title,
      .y_title = metric_info(spec.y).title,
      .x_labels = {},
      .series = {},
      .caption = fmt::format("{} against {}, a mark per cell", metric_info(spec.y).title, metric_info(spec.x).title)};
  for (const ComparedCell& cell : comparison.cells) {
    const auto x = cell.metrics.find(spec.x);
    const auto y = cell.metrics.find(spec.y);
    if (x == cell.metrics.end() || y == cell.metrics.end()) continue;
    data.series.push_back(
        {.title = series_title(comparison, cell),
         .family = cell.family,
         .shape = shape_of(cell),
         .points = {{.x = x->second.mean, .y = y->second.mean, .x_error = x->second.std, .y_error = y->second.std}}});
  }
  if (data.series.empty()) nothing_to_show(spec.x + " and " + spec.y);
  return data;
}

PlotData erf(const Comparison& comparison) {
  PlotData data{.kind = PlotKind::kErf,
                .x_title = "contribution threshold t",
                .y_title = "ERF area ratio r",
                .x_labels = {},
                .series = {},
                .caption = "Share of the input that holds a share t of the contribution to the central unit"};
  for (const ComparedCell& cell : comparison.cells) {
    const auto found = cell.curves.find("erf.ratio");
    if (found == cell.curves.end()) continue;
    PlotSeries series{
        .title = series_title(comparison, cell), .family = cell.family, .shape = shape_of(cell), .points = {}};
    for (size_t i = 0; i < found->second.x.size(); ++i) {
      series.points.push_back(
          {.x = found->second.x[i], .y = found->second.y[i], .x_error = std::nullopt, .y_error = std::nullopt});
    }
    data.series.push_back(std::move(series));
  }
  if (data.series.empty()) nothing_to_show("an ERF analysis");
  return data;
}

}  // namespace

std::string PlotSpec::name() const {
  switch (kind) {
    case PlotKind::kHistory:
      return "history-" + metric;
    case PlotKind::kBars:
      return "bars-" + metric;
    case PlotKind::kScatter:
      return "scatter-" + x + "-" + y;
    case PlotKind::kErf:
      return "erf";
  }
  return "";
}

PlotSpec plot_spec(const Json& entry) {
  const std::string name = entry.is_string() ? entry.get<std::string>() : entry.begin().key();
  const Json options = entry.is_string() ? Json::object() : entry.begin().value();
  const KindInfo& info = kind_info(name);
  for (const auto& [option, value] : options.items()) {
    if (std::find(info.options.begin(), info.options.end(), option) == info.options.end()) {
      throw ConfigError(
          fmt::format("plot '{}' has no option '{}'{}", name, option, did_you_mean(option, info.options)));
    }
  }
  PlotSpec spec{.kind = info.kind, .metric = "", .over = "", .by = "", .x = "", .y = ""};
  spec.metric = text_option(options, "metric", info.kind == PlotKind::kHistory ? "train.loss" : "cam.maxboxacc");
  spec.over = text_option(options, "over", "backbone");
  spec.by = text_option(options, "by", "");
  spec.x = text_option(options, "x", "erf.auc");
  spec.y = text_option(options, "y", "cam.maxboxacc");
  return spec;
}

PlotData plot_data(const Comparison& comparison, const PlotSpec& spec) {
  switch (spec.kind) {
    case PlotKind::kHistory:
      return history(comparison, spec);
    case PlotKind::kBars:
      return bars(comparison, spec);
    case PlotKind::kScatter:
      return scatter(comparison, spec);
    case PlotKind::kErf:
      return erf(comparison);
  }
  throw Error(ExitCode::kBug, "a plot has a kind");
}

}  // namespace camsweep

#include "results/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "results/metric_info.h"
#include "results/palette.h"
#include "results/plot_parts.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

// A family's cells share its colour in shades, and differ in their marks; where all are of one family, colours tell
// them apart.
class Styles {
 public:
  explicit Styles(const std::vector<ComparedCell>& cells) : varying_(varying_parameters(cells)) {
    std::set<std::string> families;
    for (const ComparedCell& cell : cells) families.insert(cell.family);
    one_family_ = families.size() == 1;
  }

  bool hollow(const ComparedCell& cell) const {
    return varies("augmentation") && !cell.parameters.value("augmentation", true);
  }

  PlotSeries series(const ComparedCell& cell) {
    PlotSeries series{.title = cell_title(cell, varying_),
                      .colour = "",
                      .hollow = hollow(cell),
                      .variant = 0,
                      .points = {},
                      .point_colours = {}};
    series.variant = used_[{cell.family, series.hollow}]++;
    constexpr std::array<double, 3> kStrengths = {1.0, 0.55, 0.8};
    const auto variant = static_cast<size_t>(series.variant);
    series.colour = one_family_ && variant > 0 ? series_colour(variant - 1)
                                               : tinted(family_colour(cell.family), kStrengths[variant % 3]);
    return series;
  }

  // Without what colour and mark say.
  std::string label(const ComparedCell& cell) const {
    std::vector<std::string> names = varying_;
    std::erase(names, "augmentation");
    return names.empty() ? "" : cell_title(cell, names);
  }

  bool varies(const std::string& name) const {
    return std::find(varying_.begin(), varying_.end(), name) != varying_.end();
  }

 private:
  std::vector<std::string> varying_;
  bool one_family_ = false;
  std::map<std::pair<std::string, bool>, int> used_;
};

PlotData line_plot(const Comparison& comparison, PlotData data, std::map<std::string, Series> ComparedCell::*source,
                   std::set<std::string> ComparedCell::*repeated, const std::string& name) {
  Styles styles(comparison.cells);
  Deviations deviations;
  for (const ComparedCell& cell : comparison.cells) {
    refuse_repeated(cell.*repeated, name, "line");
    const auto found = (cell.*source).find(name);
    if (found == (cell.*source).end()) continue;
    PlotSeries series = styles.series(cell);
    for (const SeriesPoint& point : found->second) {
      series.points.push_back(
          {.x = point.x, .y = point.y.mean, .x_error = {}, .y_error = point.y.std, .label = "", .missing = ""});
      deviations.add(point.y);
    }
    data.series.push_back(std::move(series));
  }
  data.deviations = deviations.text();
  if (data.series.size() > kManySeries) data.width_mm = kTwoColumnsMm;
  return data;
}

PlotData history(const Comparison& comparison, const PlotSpec& spec) {
  const std::string title = metric_info(spec.metric).title;
  PlotData data{.kind = spec.kind,
                .x_title = "epoch",
                .y_title = title,
                .x_labels = {},
                .series = {},
                .levels = {},
                .caption = sentence(title + " against the epoch"),
                .deviations = ""};
  data =
      line_plot(comparison, std::move(data), &ComparedCell::histories, &ComparedCell::repeated_histories, spec.metric);
  if (data.series.empty()) nothing_to_show("a history of " + spec.metric);
  return data;
}

PlotData erf(const Comparison& comparison) {
  PlotData data{.kind = PlotKind::kErf,
                .x_title = "contribution threshold t",
                .y_title = "ERF area ratio r",
                .x_labels = {},
                .series = {},
                .levels = {},
                .caption =
                    "Effective receptive field: area r of the smallest centred square, relative to the input, that "
                    "holds more than the share t of all contributions to the central unit",
                .deviations = ""};
  data = line_plot(comparison, std::move(data), &ComparedCell::curves, &ComparedCell::repeated_curves, "erf.ratio");
  if (data.series.empty()) nothing_to_show("an ERF analysis");
  return data;
}

// A curve of every cell, drawn beside that of the same cell which is in the key.
struct BesideCurve {
  std::string name;
  std::string title;
  Stroke stroke;
};

void add_beside(const Comparison& comparison, PlotData& data, const BesideCurve& curve) {
  PlotData other = line_plot(comparison, PlotData{}, &ComparedCell::curves, &ComparedCell::repeated_curves, curve.name);
  for (PlotSeries& series : other.series) {
    series.stroke = curve.stroke;
    series.name = series.title + ", " + curve.title;
    series.title.clear();
    for (PlotPoint& point : series.points) point.y_error.reset();
    data.series.push_back(std::move(series));
  }
}

// From counts of equal parts of 0..1 to a density.
void normalize(PlotSeries& histogram) {
  double sum = 0;
  for (const PlotPoint& point : histogram.points) sum += point.y;
  const double scale = sum > 0 ? static_cast<double>(histogram.points.size()) / sum : 0;
  for (PlotPoint& point : histogram.points) point.y *= scale;
}

PlotData pca(const Comparison& comparison) {
  PlotData data{.kind = PlotKind::kPca,
                .x_title = "contribution rate of PC1",
                .y_title = "density",
                .x_labels = {},
                .series = {},
                .levels = {},
                .caption =
                    "Contribution rate of the first principal component of each image's feature maps: histogram "
                    "and Gaussian kernel density",
                .deviations = ""};
  data =
      line_plot(comparison, std::move(data), &ComparedCell::curves, &ComparedCell::repeated_curves, "pca.rate_density");
  add_beside(comparison, data, {"pca.rate_histogram", "histogram", Stroke::kSteps});
  for (PlotSeries& series : data.series) {
    if (series.stroke == Stroke::kSteps) normalize(series);
  }
  if (data.series.empty()) nothing_to_show("a PCA analysis");
  return data;
}

PlotData activation(const Comparison& comparison) {
  PlotData data{.kind = PlotKind::kActivation,
                .x_title = "class weight",
                .y_title = "activated area",
                .x_labels = {},
                .series = {},
                .levels = {},
                .caption =
                    "Activated area of the feature maps, as a share of the map, against their class weight: "
                    "median of 20 parts of the weight's range, dotted 5 % and 95 % quantiles",
                .deviations = ""};
  data = line_plot(comparison, std::move(data), &ComparedCell::curves, &ComparedCell::repeated_curves,
                   "activation.area_q50");
  add_beside(comparison, data, {"activation.area_q05", "5 % quantile", Stroke::kDotted});
  add_beside(comparison, data, {"activation.area_q95", "95 % quantile", Stroke::kDotted});
  if (data.series.empty()) nothing_to_show("an activation analysis");
  return data;
}

// One series per family and augmentation; the rest is written beside the marks.
PlotData scatter(const Comparison& comparison, const PlotSpec& spec) {
  const std::string x_title = metric_info(spec.x).title;
  const std::string y_title = metric_info(spec.y).title;
  PlotData data{.kind = spec.kind,
                .x_title = x_title,
                .y_title = y_title,
                .x_labels = {},
                .series = {},
                .levels = {},
                .caption = sentence(fmt::format("{} against {}; a mark is a cell", y_title, x_title)),
                .deviations = ""};
  const Styles styles(comparison.cells);
  Deviations deviations;
  for (const ComparedCell& cell : comparison.cells) {
    for (const std::string& metric : {spec.x, spec.y}) refuse_repeated(cell.repeated, metric, "mark");
    const auto x = cell.metrics.find(spec.x);
    const auto y = cell.metrics.find(spec.y);
    if (x == cell.metrics.end() || y == cell.metrics.end()) continue;
    std::string title = cell.family.empty() ? "unknown family" : family_title(cell.family);
    if (styles.varies("augmentation")) title += styles.hollow(cell) ? ", augmentation off" : ", augmentation on";
    auto series = std::find_if(data.series.begin(), data.series.end(), [&](const auto& s) { return s.title == title; });
    if (series == data.series.end()) {
      data.series.push_back({.title = title,
                             .colour = family_colour(cell.family),
                             .hollow = styles.hollow(cell),
                             .variant = 0,
                             .points = {},
                             .point_colours = {}});
      series = data.series.end() - 1;
    }
    series->points.push_back({.x = x->second.mean,
                              .y = y->second.mean,
                              .x_error = x->second.std,
                              .y_error = y->second.std,
                              .label = styles.label(cell),
                              .missing = ""});
    deviations.add(x->second);
    deviations.add(y->second);
  }
  if (data.series.empty()) nothing_to_show(spec.x + " and " + spec.y);
  data.deviations = deviations.text();
  return data;
}

}  // namespace

PlotData plot_data(const Comparison& comparison, const PlotSpec& spec) {
  PlotData data;
  if (spec.kind == PlotKind::kHistory) return history(comparison, spec);
  if (spec.kind == PlotKind::kErf) return erf(comparison);
  if (spec.kind == PlotKind::kPca) return pca(comparison);
  if (spec.kind == PlotKind::kActivation) return activation(comparison);
  data = spec.kind == PlotKind::kBars ? bar_plot(comparison, spec) : scatter(comparison, spec);
  size_t marks = 0;
  for (const PlotSeries& series : data.series) marks += series.points.size();
  if (marks > kMaxMarks) throw ConfigError(fmt::format("{} marks are too many to draw; at most {}", marks, kMaxMarks));
  return data;
}

}  // namespace camsweep

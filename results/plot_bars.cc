// Metric over an axis: the columns of a comparison table as groups of bars.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "results/metric_info.h"
#include "results/palette.h"
#include "results/plot_parts.h"
#include "results/table.h"

namespace camsweep {
namespace {

// The family of every backbone, by the text that an axis shows.
std::map<std::string, std::string> families_by_backbone(const Comparison& comparison) {
  std::map<std::string, std::string> families;
  for (const ComparedCell& cell : comparison.cells) {
    families[parameter_text(cell.parameters.value("backbone", Json("")))] = cell.family;
  }
  return families;
}

// Floors that all cells share.
std::vector<PlotLevel> levels(const Comparison& comparison, const std::string& metric) {
  std::vector<PlotLevel> all;
  for (const auto& [box, title] : {std::pair{"whole_image", "whole-image box"}, {"centred", "best centred box"}}) {
    const auto name = floor_metric(metric, box);
    if (!name) continue;
    std::vector<double> means;
    for (const ComparedCell& cell : comparison.cells) {
      const auto found = cell.metrics.find(*name);
      if (found != cell.metrics.end()) means.push_back(found->second.mean);
    }
    if (means.empty()) continue;
    const auto [low, high] = std::minmax_element(means.begin(), means.end());
    if (*high - *low < 0.05) all.push_back({title, *low});
  }
  return all;
}

std::string missing_text(Missing missing) {
  switch (missing) {
    case Missing::kFailed:
      return "failed";
    case Missing::kPending:
      return "not run yet";
    case Missing::kNotReported:
      return "not reported";
    case Missing::kNotInGrid:
      return "";
  }
  return "";
}

// One group of bars: a column of the table over the same cells.
PlotSeries bar_group(const Table& table, size_t column, Deviations& deviations) {
  const bool single = table.columns[column].keys.empty();
  PlotSeries group{.title = single ? "" : table.spec.columns[0] + " " + table.columns[column].keys[0],
                   .colour = "",
                   .hollow = false,
                   .variant = 0,
                   .points = {},
                   .point_colours = {}};
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const TableField& field = table.rows[row].fields[column];
    PlotPoint point{.x = static_cast<double>(row), .y = 0, .x_error = {}, .y_error = {}, .label = "", .missing = ""};
    if (field.summary) {
      point.y = field.summary->mean;
      point.y_error = field.summary->std;
      deviations.add(*field.summary);
    } else {
      point.missing = missing_text(field.missing);
    }
    group.points.push_back(std::move(point));
  }
  return group;
}

// Over backbones a bar has its family's colour, and groups are shades of it; else groups have colours.
void colour_groups(const Comparison& comparison, const PlotSpec& spec, PlotData& data) {
  std::map<std::string, std::string> families = families_by_backbone(comparison);
  const auto groups = static_cast<double>(data.series.size());
  for (size_t i = 0; i < data.series.size(); ++i) {
    PlotSeries& group = data.series[i];
    const double strength = groups < 2 ? 1 : 0.4 + 0.6 * static_cast<double>(i) / (groups - 1);
    group.colour = series_colour(i);
    if (spec.over == "backbone") {
      group.colour = tinted("#595959", strength);
      for (const std::string& label : data.x_labels) {
        group.point_colours.push_back(tinted(family_colour(families[label]), strength));
      }
    } else if (spec.by == "backbone") {
      group.colour = family_colour(families[group.title.substr(spec.by.size() + 1)]);
    }
  }
}

}  // namespace

PlotData bar_plot(const Comparison& comparison, const PlotSpec& spec) {
  const Table table =
      make_table(comparison, {.rows = {spec.over},
                              .columns = spec.by.empty() ? std::vector<std::string>{} : std::vector{spec.by},
                              .values = {spec.metric}});
  const std::string title = metric_info(spec.metric).title;
  PlotData data{.kind = spec.kind,
                .x_title = spec.over,
                .y_title = title,
                .x_labels = {},
                .series = {},
                .levels = levels(comparison, spec.metric),
                .caption = sentence(fmt::format("{} over {}", title, spec.over)),
                .deviations = ""};
  Deviations deviations;
  for (const TableRow& row : table.rows) data.x_labels.push_back(row.keys[0]);
  for (size_t i = 0; i < table.columns.size(); ++i) data.series.push_back(bar_group(table, i, deviations));
  data.deviations = deviations.text();
  colour_groups(comparison, spec, data);
  const size_t count = data.series.size() * data.x_labels.size();
  if (count > 2 * kManySeries) data.width_mm = kTwoColumnsMm;
  const bool any = std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return std::any_of(row.fields.begin(), row.fields.end(), [](const TableField& field) { return field.summary; });
  });
  if (!any) nothing_to_show(spec.metric);
  return data;
}

}  // namespace camsweep

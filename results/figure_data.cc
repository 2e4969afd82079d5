// The data file beside a figure: a line per mark.
#include "results/export.h"
#include "results/gnuplot.h"

namespace camsweep {
namespace {

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

std::string figure_csv(const PlotData& data) {
  ResultRows rows;
  const bool bars = data.kind == PlotKind::kBars;
  rows.columns = {"series", data.x_title, data.y_title, "y std"};
  if (data.kind == PlotKind::kScatter) rows.columns.insert(rows.columns.end(), {"x std", "label"});
  if (bars) rows.columns.push_back("missing because");
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      const Json x = bars ? Json(data.x_labels[static_cast<size_t>(point.x)]) : Json(point.x);
      const Json y = point.missing.empty() ? Json(point.y) : Json();
      std::vector<Json> row = {series.title.empty() ? series.name : series.title, normalized(x), y,
                               or_null(point.y_error)};
      if (data.kind == PlotKind::kScatter) row.insert(row.end(), {or_null(point.x_error), Json(point.label)});
      if (bars) row.push_back(point.missing);
      rows.rows.push_back(std::move(row));
    }
  }
  return format_rows(rows, ExportFormat::kCsv);
}

}  // namespace camsweep

// The gnuplot script of a figure and its data file. Texts of users stand in single quotes only: gnuplot runs commands
// in double ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "results/figure_layout.h"
#include "results/gnuplot.h"
#include "results/plot_axis.h"

namespace camsweep {
namespace {

constexpr size_t kMaxLabels = 40;

constexpr std::array<int, 4> kFilled = {7, 5, 9, 13};  // circle, square, triangle, diamond
constexpr std::array<int, 4> kHollow = {6, 4, 8, 12};

// Nothing is special inside single quotes but the quote itself, whose doubling gnuplot 5.4 misreads at the start of a
// text: it becomes an apostrophe. A line break would end the command.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "\u2019";
    } else {
      result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return result + "'";
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "NaN"; }
std::string number(const std::optional<double>& value) { return value ? number(*value) : "NaN"; }

// Columns: x y x_error y_error colour; one block per series. Lines of very many points are thinned, evenly.
std::string data_blocks(const PlotData& data) {
  size_t marks = 0;
  for (const PlotSeries& series : data.series) marks += series.points.size();
  const size_t stride = 1 + marks / kMaxMarks;
  std::string text;
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    text += fmt::format("$series{} << EOD\n", i);
    for (size_t k = 0; k < series.points.size(); ++k) {
      const PlotPoint& point = series.points[k];
      if (!point.missing.empty() || (k % stride != 0 && k + 1 != series.points.size())) continue;
      const std::string& colour = series.point_colours.empty() ? series.colour : series.point_colours[k];
      text += fmt::format("{} {} {} {} 0x{}\n", number(point.x), number(point.y), number(point.x_error),
                          number(point.y_error), colour.substr(1));
    }
    text += "EOD\n";
  }
  return text;
}

bool has_points(const PlotSeries& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const auto& point) { return point.missing.empty(); });
}

std::string title(const PlotData& data, const PlotSeries& series) {
  return !series.title.empty() && series_are_named(data) ? "title " + quoted(series.title) : "notitle";
}

int marker(const PlotSeries& series) {
  return (series.hollow ? kHollow : kFilled)[static_cast<size_t>(series.variant) % kFilled.size()];
}

void add_lines(const PlotData& data, std::vector<std::string>& layers) {
  for (size_t i = 0; i < data.series.size() && !data.deviations.empty(); ++i) {
    layers.push_back(fmt::format(
        "$series{} using 1:($2-$4):($2+$4) with filledcurves fc rgb '{}' fs transparent solid 0.18 noborder "
        "notitle",
        i, data.series[i].colour));
  }
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    const bool marks = data.kind == PlotKind::kErf || series.points.size() < 3;
    if (series.stroke != Stroke::kLine) {
      const bool steps = series.stroke == Stroke::kSteps;
      layers.push_back(fmt::format("$series{} using 1:2 with {} lc rgb '{}' dt {} lw 0.8 notitle", i,
                                   steps ? "histeps" : "lines", series.colour, steps ? "solid" : "(2,3)"));
      continue;
    }
    layers.push_back(fmt::format("$series{} using 1:2 with {} lc rgb '{}' dt {} lw 1.4 pt {} ps 0.5 {}", i,
                                 marks ? "linespoints" : "lines", series.colour, series.hollow ? "(6,4)" : "solid",
                                 marker(series), title(data, series)));
  }
}

// From end to end with caps. gnuplot's own error bars paint a white disc over what is below their middle.
std::string error_bars(size_t series, const std::string& columns, const std::string& colour) {
  return fmt::format("$series{} using {} with vectors heads size graph 0.008,90 nofilled lc rgb '{}' lw 0.8 notitle",
                     series, columns, colour);
}

void add_marks(const PlotData& data, std::vector<std::string>& layers) {
  for (size_t i = 0; i < data.series.size(); ++i) {
    const std::string colour = data.series[i].colour;
    layers.push_back(error_bars(i, "1:($2-$4):(0):(2*$4)", colour));
    layers.push_back(error_bars(i, "($1-$3):2:(2*$3):(0)", colour));
  }
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    if (series.hollow) {  // white below, so that no error bar shows through
      layers.push_back(fmt::format("$series{} using 1:2 with points lc rgb '#ffffff' pt 7 ps 0.75 notitle", i));
    }
    layers.push_back(fmt::format("$series{} using 1:2 with points lc rgb '{}' lw 1.2 pt {} ps 0.75 {}", i,
                                 series.colour, marker(series), title(data, series)));
  }
}

// Bars of one group stand side by side, 0.8 of a place wide together.
void add_bars(const PlotData& data, std::vector<std::string>& layers) {
  const double width = 0.8 / static_cast<double>(data.series.size());
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    const double shift = (static_cast<double>(i) - (static_cast<double>(data.series.size()) - 1) / 2) * width;
    if (has_points(series)) {
      layers.push_back(
          fmt::format("$series{} using ($1+{:.4f}):2:({:.4f}):5 with boxes fs solid 1 noborder lc rgb variable notitle",
                      i, shift, width * 0.94));
      layers.push_back(error_bars(i, fmt::format("($1+{:.4f}):($2-$4):(0):(2*$4)", shift), "#222222"));
    }
    if (!series.title.empty()) {
      layers.push_back(
          fmt::format("keyentry with boxes fs solid 1 noborder lc rgb '{}' {}", series.colour, title(data, series)));
    }
  }
  for (size_t i = 0; i < data.levels.size(); ++i) {
    layers.push_back(fmt::format("{} with lines lc rgb '#444444' lw 0.9 dt {} title {}", number(data.levels[i].y),
                                 i == 0 ? "(8,4)" : "(2,3)", quoted(data.levels[i].title)));
  }
}

// Why a bar is not there, along its place.
std::string missing_labels(const PlotData& data) {
  std::string text;
  const double width = 0.8 / static_cast<double>(data.series.size());
  for (size_t i = 0; i < data.series.size(); ++i) {
    const double shift = (static_cast<double>(i) - (static_cast<double>(data.series.size()) - 1) / 2) * width;
    for (const PlotPoint& point : data.series[i].points) {
      if (point.missing.empty()) continue;
      text += fmt::format("set label {} at {:.4f},graph 0.02 left rotate tc rgb '#777777'\n", quoted(point.missing),
                          point.x + shift);
    }
  }
  return text;
}

std::string mark_labels(const PlotData& data, const FigureLayout& size) {
  std::string text;
  const std::vector<PlacedLabel> labels = place_labels(data, size.plot_width_mm, size.plot_height_mm);
  if (labels.size() > kMaxLabels) return text;
  for (const PlacedLabel& label : labels) {
    text += fmt::format("set label {} at graph {:.4f},graph {:.4f} {} tc rgb '#333333'\n", quoted(label.text), label.x,
                        label.y, label.alignment);
  }
  return text;
}

std::string axes(const PlotData& data, const FigureLayout& size) {
  const AxisRange x = x_range(data);
  const AxisRange y = y_range(data);
  std::string text = fmt::format("set xlabel {}\nset ylabel {}\n", quoted(data.x_title), quoted(data.y_title));
  text += fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\nset ytics {}\n", number(x.low), number(x.high),
                      number(y.low), number(y.high), number(y.step));
  text += fmt::format("set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\n", size.left_mm / size.width_mm,
                      (size.left_mm + size.plot_width_mm) / size.width_mm);
  text += fmt::format("set tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n", 1 - size.top_mm / size.height_mm,
                      1 - (size.top_mm + size.plot_height_mm) / size.height_mm);
  text += fmt::format("set key at screen 0.5, screen {:.4f} center top horizontal Left reverse samplen 2 maxcols {}\n",
                      size.legend_mm / size.height_mm, size.legend_columns);
  text +=
      "set border 3 lc rgb '#222222' lw 0.8\nset tics nomirror out scale 0.5\n"
      "set grid ytics lt 1 lc rgb '#e2e2e2' lw 0.6 dt solid\n";
  if (!data.deviations.empty()) {
    text +=
        fmt::format("set label {} at graph 1, graph 1 right offset 0,0.6 tc rgb '#777777'\n", quoted(data.deviations));
  }
  if (data.kind != PlotKind::kBars) return text + fmt::format("set xtics {}\n", number(x.step));
  text += fmt::format("set xtics {}scale 0 noenhanced (", size.tilted ? "rotate by -35 " : "");
  for (size_t i = 0; i < data.x_labels.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(data.x_labels[i]), i);
  }
  return text + ")\n";
}

std::string plot_command(const PlotData& data) {
  std::vector<std::string> layers;
  if (data.kind == PlotKind::kBars) {
    add_bars(data, layers);
  } else if (data.kind == PlotKind::kScatter) {
    add_marks(data, layers);
  } else {
    add_lines(data, layers);
  }
  std::string text = "plot ";
  for (size_t i = 0; i < layers.size(); ++i) text += (i == 0 ? "" : ", \\\n  ") + layers[i];
  return text + "\n";
}

}  // namespace

std::string figure_script(const PlotData& data, const std::string& name, const std::vector<FigureFormat>& formats) {
  const FigureLayout size = figure_layout(data);
  std::string text = fmt::format("# Draws this figure again: gnuplot {}.gp. The same numbers: {}.csv\n", name, name) +
                     "reset\nset encoding utf8\n" + data_blocks(data) + axes(data, size);
  if (data.kind == PlotKind::kBars) text += missing_labels(data);
  if (data.kind == PlotKind::kScatter) text += mark_labels(data, size);
  for (const FigureFormat format : formats) {
    text += fmt::format("{}\nset output {}\n{}unset output\n", figure_terminal(format, size),
                        quoted(name + "." + std::string(figure_extension(format))), plot_command(data));
  }
  return text;
}

}  // namespace camsweep

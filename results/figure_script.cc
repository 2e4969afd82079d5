// The gnuplot script of a figure. Texts of users stand in single quotes only: gnuplot runs commands in double ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "results/gnuplot.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

// Okabe and Ito's palette, which stays distinct for colour-blind readers. Families keep their colour everywhere.
struct FamilyColour {
  std::string_view family;
  std::string_view colour;
};
constexpr std::array<FamilyColour, 4> kFamilies = {
    {{"replknet", "#E69F00"}, {"slak", "#0072B2"}, {"convnext", "#009E73"}, {"resnet", "#D55E00"}}};
constexpr std::array<std::string_view, 7> kOthers = {"#0072B2", "#E69F00", "#009E73", "#CC79A7",
                                                     "#56B4E9", "#D55E00", "#000000"};
constexpr std::array<int, 2> kMarkers = {6, 7};  // open and filled circle

constexpr double kWidthMm = 120;
constexpr double kHeightMm = 90;
constexpr double kMmPerInch = 25.4;

std::string_view colour_of(const PlotSeries& series, size_t index) {
  for (const FamilyColour& known : kFamilies) {
    if (known.family == series.family) return known.colour;
  }
  return kOthers[index % kOthers.size()];
}

// Nothing is special inside single quotes but the quote itself, whose doubling gnuplot 5.4 misreads at the start of a
// text: it becomes an apostrophe. A line break would end the command.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "\u2019";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      result += c;
    }
  }
  return result + "'";
}

std::string terminal(FigureFormat format) {
  switch (format) {
    case FigureFormat::kSvg:
      return fmt::format("set terminal svg size {:.0f},{:.0f} font 'Helvetica,13' enhanced background '#ffffff'",
                         kWidthMm * 5, kHeightMm * 5);
    case FigureFormat::kPdf:
      return fmt::format("set terminal pdfcairo size {:.2f}in,{:.2f}in font 'Helvetica,9' enhanced",
                         kWidthMm / kMmPerInch, kHeightMm / kMmPerInch);
    case FigureFormat::kPng:
      return fmt::format("set terminal pngcairo size {:.0f},{:.0f} font 'Helvetica,22' linewidth 2 enhanced",
                         kWidthMm * 10, kHeightMm * 10);
  }
  return "";
}

std::string_view extension(FigureFormat format) {
  return format == FigureFormat::kSvg ? "svg" : format == FigureFormat::kPdf ? "pdf" : "png";
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "NaN"; }

std::string error_number(const std::optional<double>& value) { return value ? number(*value) : "0"; }

// Columns: x y x_error y_error; one inline block per series.
std::string data_blocks(const PlotData& data) {
  std::string text;
  for (size_t i = 0; i < data.series.size(); ++i) {
    text += fmt::format("$series{} << EOD\n", i);
    for (const PlotPoint& point : data.series[i].points) {
      text += fmt::format("{} {} {} {}\n", number(point.x), number(point.y), error_number(point.x_error),
                          error_number(point.y_error));
    }
    text += "EOD\n";
  }
  return text;
}

bool has_errors(const PlotData& data) {
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      if (point.y_error) return true;
    }
  }
  return false;
}

std::string line_layers(const PlotData& data) {
  std::string layers;
  const std::string style = data.kind == PlotKind::kErf ? "linespoints" : "lines";
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    if (!layers.empty()) layers += ", \\\n  ";
    if (has_errors(data)) {
      layers += fmt::format(
          "$series{0} using 1:($2-$4):($2+$4) with filledcurves fillcolor rgb '{1}' fillstyle "
          "transparent solid 0.15 noborder notitle, \\\n  ",
          i, colour_of(series, i));
    }
    layers +=
        fmt::format("$series{} using 1:2 with {} linecolor rgb '{}' dashtype {} linewidth 1.6 pointtype {} title {}", i,
                    style, colour_of(series, i), series.shape == 0 ? 2 : 1, kMarkers[static_cast<size_t>(series.shape)],
                    quoted(series.title));
  }
  return layers;
}

std::string scatter_layers(const PlotData& data) {
  std::string layers;
  for (size_t i = 0; i < data.series.size(); ++i) {
    const PlotSeries& series = data.series[i];
    if (!layers.empty()) layers += ", \\\n  ";
    if (has_errors(data)) {
      layers += fmt::format("$series{} using 1:2:3:4 with xyerrorbars linecolor rgb '{}' pointtype 0 notitle, \\\n  ",
                            i, colour_of(series, i));
    }
    layers += fmt::format("$series{} using 1:2 with points linecolor rgb '{}' pointtype {} pointsize 1.4 title {}", i,
                          colour_of(series, i), kMarkers[static_cast<size_t>(series.shape)], quoted(series.title));
  }
  return layers;
}

// Bars of one group stand side by side, 0.8 of a place wide together.
std::string bar_layers(const PlotData& data) {
  const double width = 0.8 / static_cast<double>(data.series.size());
  std::string layers;
  for (size_t i = 0; i < data.series.size(); ++i) {
    const double shift = (static_cast<double>(i) - (static_cast<double>(data.series.size()) - 1) / 2) * width;
    if (!layers.empty()) layers += ", \\\n  ";
    layers += fmt::format(
        "$series{} using ($1+{}):2:({}) with boxes linecolor rgb '{}' fillstyle solid 0.9 noborder title {}", i, shift,
        width * 0.92, colour_of(data.series[i], i), quoted(data.series[i].title));
    if (has_errors(data)) {
      layers += fmt::format(
          ", \\\n  $series{} using ($1+{}):2:4 with yerrorbars linecolor rgb '#000000' pointtype 0 notitle", i, shift);
    }
  }
  return layers;
}

std::string axes(const PlotData& data) {
  std::string text = fmt::format("set xlabel {}\nset ylabel {}\n", quoted(data.x_title), quoted(data.y_title));
  text +=
      "set key outside below center horizontal samplen 1.5 spacing 1.1 maxcols 2 noenhanced\nset tics nomirror\nset "
      "border 3\n"
      "set grid ytics linecolor rgb '#dddddd' linewidth 0.5\n";
  if (data.kind == PlotKind::kErf) text += "set xrange [0:1]\nset yrange [0:*]\n";
  if (data.kind != PlotKind::kBars) return text;
  text += fmt::format("set yrange [0:*]\nset xrange [-0.6:{}]\nset boxwidth 1 absolute\n",
                      static_cast<double>(data.x_labels.size()) - 0.4);
  text += "set xtics noenhanced (";
  for (size_t i = 0; i < data.x_labels.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(data.x_labels[i]), i);
  }
  return text + ")\n";
}

std::string layers(const PlotData& data) {
  if (data.kind == PlotKind::kBars) return bar_layers(data);
  return data.kind == PlotKind::kScatter ? scatter_layers(data) : line_layers(data);
}

}  // namespace

std::string figure_script(const PlotData& data, const std::string& name, const std::vector<FigureFormat>& formats) {
  std::string text = "# Draws this figure again: gnuplot " + name + ".gp\nset encoding utf8\n" + data_blocks(data) +
                     axes(data) + "set label 1 '' at graph 0,0 noenhanced\n";
  for (const FigureFormat format : formats) {
    text += fmt::format("{}\nset output {}\nplot {}\nunset output\n", terminal(format),
                        quoted(fmt::format("{}.{}", name, extension(format))), layers(data));
  }
  return text;
}

std::string figure_csv(const PlotData& data) {
  const auto field = [](std::string text) {
    std::string escaped = "\"";
    for (const char c : text) escaped += c == '"' ? std::string("\"\"") : std::string(1, c);
    return escaped + '"';
  };
  std::string text = fmt::format("series,{},{},x_std,y_std\n", field(data.x_title), field(data.y_title));
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      const bool labelled = data.kind == PlotKind::kBars;
      const std::string x = labelled ? field(data.x_labels[static_cast<size_t>(point.x)]) : number(point.x);
      text += fmt::format("{},{},{},{},{}\n", field(series.title), x, number(point.y),
                          point.x_error ? number(*point.x_error) : "", point.y_error ? number(*point.y_error) : "");
    }
  }
  return text;
}

}  // namespace camsweep

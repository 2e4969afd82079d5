#include "results/figure_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "results/plot_axis.h"

namespace camsweep {
namespace {

constexpr double kMmPerInch = 25.4;
constexpr double kFontPt = 7;  // readable in a column of a paper
constexpr double kPngDpi = 300;
constexpr double kScreenDpi = 96;
constexpr double kLegendLineMm = 3.5;
constexpr double kLetterMm = 1.45;
constexpr double kSampleMm = 10;  // of a line or a mark in the legend
constexpr double kTitleMm = 10.5;
constexpr double kRightMm = 3;
constexpr double kTopMm = 5;
constexpr double kBottomMm = 10;  // numbers and title of the x axis
constexpr size_t kMaxNamed = 24;
constexpr size_t kMaxTicLetters = 50;  // of category names side by side, per column of a paper

constexpr std::string_view kCairoSpacing = "set key spacing 1.15 width 0\nset xlabel offset 0,0.2";

std::vector<std::string> legend(const PlotData& data) {
  std::vector<std::string> titles;
  for (const PlotSeries& series : data.series) {
    if (!series.title.empty() && series_are_named(data)) titles.push_back(series.title);
  }
  for (const PlotLevel& level : data.levels) titles.push_back(level.title);
  return titles;
}

size_t longest(const std::vector<std::string>& texts) {
  size_t letters = 1;
  for (const std::string& text : texts) letters = std::max(letters, text.size());
  return letters;
}

// Of the numbers along the y axis.
size_t digits(const AxisRange& range) {
  size_t most = 1;
  for (double tic = std::ceil(range.low / range.step) * range.step; tic <= range.high; tic += range.step) {
    most = std::max(most, fmt::format("{:g}", tic).size());
  }
  return most;
}

bool names_fit(const PlotData& data) {
  size_t letters = 0;
  for (const std::string& label : data.x_labels) letters += label.size() + 2;
  return static_cast<double>(letters) <= static_cast<double>(kMaxTicLetters) * data.width_mm / kOneColumnMm;
}

}  // namespace

bool series_are_named(const PlotData& data) { return data.series.size() <= kMaxNamed; }

FigureLayout figure_layout(const PlotData& data) {
  FigureLayout layout{.width_mm = data.width_mm,
                      .left_mm = kTitleMm + static_cast<double>(digits(y_range(data))) * kLetterMm,
                      .top_mm = kTopMm,
                      .plot_height_mm = data.width_mm < 100 ? 44.0 : 60.0,
                      .tilted = !names_fit(data)};
  layout.plot_width_mm = layout.width_mm - layout.left_mm - kRightMm;
  const std::vector<std::string> titles = legend(data);
  const double entry_mm = static_cast<double>(longest(titles)) * kLetterMm + kSampleMm;
  layout.legend_columns = std::max<size_t>(1, static_cast<size_t>(layout.width_mm / entry_mm));
  const size_t lines = (titles.size() + layout.legend_columns - 1) / layout.legend_columns;
  if (lines > 0) layout.legend_mm = 1 + static_cast<double>(lines) * kLegendLineMm;
  const double tics_mm = layout.tilted ? 0.6 * static_cast<double>(longest(data.x_labels)) * kLetterMm : 0;
  layout.height_mm = layout.top_mm + layout.plot_height_mm + kBottomMm + tics_mm + layout.legend_mm;
  return layout;
}

std::string figure_terminal(FigureFormat format, const FigureLayout& layout) {
  const double inches_x = layout.width_mm / kMmPerInch;
  const double inches_y = layout.height_mm / kMmPerInch;
  switch (format) {
    case FigureFormat::kSvg:
      return fmt::format(
          "set terminal svg noenhanced size {:.0f},{:.0f} font 'sans-serif,{:.2f}' background '#ffffff'\n"
          "set key spacing 0.95 width -4\nset xlabel offset 0,0.5",  // its letters are larger
          inches_x * kScreenDpi, inches_y * kScreenDpi, kFontPt * kScreenDpi / 72);
    case FigureFormat::kPdf:
      return fmt::format("set terminal pdfcairo noenhanced size {:.3f}in,{:.3f}in font 'DejaVu Sans,{}'\n{}", inches_x,
                         inches_y, kFontPt, kCairoSpacing);
    case FigureFormat::kPng:
      return fmt::format(
          "set terminal pngcairo noenhanced size {:.0f},{:.0f} font 'DejaVu Sans,{}' fontscale {:.3f} linewidth {:.3f}"
          " pointscale {:.3f} dashlength 2\n{}",
          inches_x * kPngDpi, inches_y * kPngDpi, kFontPt, kPngDpi / kScreenDpi, kPngDpi / kScreenDpi,
          kPngDpi / kScreenDpi, kCairoSpacing);
  }
  return "";
}

}  // namespace camsweep

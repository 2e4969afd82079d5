#pragma once

#include <cstddef>
#include <string>

#include "results/gnuplot.h"

namespace camsweep {

// Where the parts of a figure lie, in millimetres: one size in every format.
struct FigureLayout {
  double width_mm = 0;
  double height_mm = 0;
  double left_mm = 0;  // of the plot area: numbers and title of the y axis
  double top_mm = 0;   // above the plot area: the line that says what error bars are
  double plot_width_mm = 0;
  double plot_height_mm = 0;
  double legend_mm = 0;  // at the foot
  size_t legend_columns = 1;
  bool tilted = false;  // names of categories that do not fit side by side
};

FigureLayout figure_layout(const PlotData& data);

// Whether the legend names the series: not if they are more than anyone matches to lines.
bool series_are_named(const PlotData& data);

// The gnuplot commands that choose a format and its fonts.
std::string figure_terminal(FigureFormat format, const FigureLayout& layout);

}  // namespace camsweep

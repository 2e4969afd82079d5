#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/plot.h"

namespace camsweep {

// The range of an axis with a step of 1, 2 or 5 times a power of ten, so that at most about six numbers stand on it.
struct AxisRange {
  double low = 0;
  double high = 1;
  double step = 0.2;
};

// Both take in the error bars. Bars take in 0; shares start there; epochs step by whole numbers.
AxisRange x_range(const PlotData& data);
AxisRange y_range(const PlotData& data);

// A label beside its mark; x and y as shares of the plot area.
struct PlacedLabel {
  std::string text;
  double x = 0;
  double y = 0;
  std::string_view alignment;  // "left", "right" or "center"
};

// Labels cover neither marks and error bars nor each other, as far as that is possible, and stay inside.
// For a plot area of that size in millimetres.
std::vector<PlacedLabel> place_labels(const PlotData& data, double width_mm, double height_mm);

}  // namespace camsweep

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/comparison.h"

namespace camsweep {

enum class PlotKind { kHistory, kBars, kScatter, kErf };

// One figure of a sweep, as the `plots:` list or the command line names it.
struct PlotSpec {
  PlotKind kind = PlotKind::kBars;
  std::string metric;  // history, bars
  std::string over;    // bars: the parameter along the axis
  std::string by;      // bars: the parameter that groups; may be empty
  std::string x;       // scatter: metrics
  std::string y;
  std::string name() const;  // of its files: "bars-cam.maxboxacc"
};

// Reads one entry: a name, or {name: {options}}. Throws ConfigError with the known names and options.
PlotSpec plot_spec(const Json& entry);

// A mark with its error bar; `error` is the standard deviation over replicates.
struct PlotPoint {
  double x = 0;
  double y = 0;
  std::optional<double> x_error;
  std::optional<double> y_error;
};

struct PlotSeries {
  std::string title;
  std::string family;  // picks the colour; "" = by order
  int shape = 0;       // marker, so that colour is never the only sign
  std::vector<PlotPoint> points;
};

// What a figure shows, ready to be drawn.
struct PlotData {
  PlotKind kind = PlotKind::kBars;
  std::string x_title;
  std::string y_title;
  std::vector<std::string> x_labels;  // bars: one per place on the axis
  std::vector<PlotSeries> series;
  std::string caption;
};

// Throws ConfigError in one sentence if there is nothing to show.
PlotData plot_data(const Comparison& comparison, const PlotSpec& spec);

}  // namespace camsweep

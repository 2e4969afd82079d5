#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/comparison.h"

namespace camsweep {

enum class PlotKind { kHistory, kBars, kScatter, kErf, kPca, kActivation };

// One figure of a sweep, as the `plots:` list or the command line names it.
struct PlotSpec {
  PlotKind kind = PlotKind::kBars;
  std::string metric;  // history, bars
  std::string over;    // bars: the parameter along the axis
  std::string by;      // bars: the parameter that groups; may be empty
  std::string x;       // scatter: metrics
  std::string y;
  // Of its files: "bars-cam.maxboxacc-backbone-augmentation"; letters, digits, '.', '_' and '-' only.
  std::string name() const;
};

// Reads one entry: a name, or {name: {options}}. Throws ConfigError with the known names and options.
PlotSpec plot_spec(const Json& entry);

// The plots that the sweep lists; where it lists none, those for which there are results.
std::vector<PlotSpec> plot_specs(const Comparison& comparison);

// A mark with its error bar: the sample standard deviation over replicates, none for one.
struct PlotPoint {
  double x = 0;  // bars: the place on the axis, 0, 1, ...
  double y = 0;
  std::optional<double> x_error;
  std::optional<double> y_error;
  std::string label;    // scatter: written beside the mark
  std::string missing;  // bars: why there is no bar; y is then 0
};

// How the points of a line are joined.
enum class Stroke { kLine, kSteps, kDotted };

struct PlotSeries {
  std::string title;      // "": not in the key
  std::string name = "";  // in the data file, where there is no title
  std::string colour;     // "#rrggbb"
  bool hollow = false;    // dashed lines, open marks: augmentation off
  int variant = 0;        // marker, so that colour is never the only sign
  std::vector<PlotPoint> points;
  std::vector<std::string> point_colours;  // bars over backbones: one per point; else empty
  Stroke stroke = Stroke::kLine;
};

// A horizontal line to compare with.
struct PlotLevel {
  std::string title;
  double y = 0;
};

// What a figure shows, ready to be drawn.
struct PlotData {
  PlotKind kind = PlotKind::kBars;
  std::string x_title;
  std::string y_title;
  std::vector<std::string> x_labels;  // bars: one per place on the axis
  std::vector<PlotSeries> series;
  std::vector<PlotLevel> levels;
  std::string caption;
  std::string deviations;  // "mean ± s.d., n = 3"; "" without replicates
  double width_mm = 85;    // one column of a paper; 175 for two
};

inline constexpr double kOneColumnMm = 85;
inline constexpr double kTwoColumnsMm = 175;
inline constexpr size_t kMaxMarks = 20'000;

// Throws ConfigError in one sentence if there is nothing to show, or more than kMaxMarks bars or points.
PlotData plot_data(const Comparison& comparison, const PlotSpec& spec);

}  // namespace camsweep

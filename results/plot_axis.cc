#include "results/plot_axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace camsweep {
namespace {

constexpr double kLetterMm = 1.4;  // mean width at 7 pt
constexpr double kLineMm = 2.8;
constexpr double kMarkMm = 0.8;  // half a mark

double nice_step(double span, double numbers) {
  const double raw = span / numbers;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

AxisRange padded(double low, double high, double pad) {
  if (high - low < 1e-12) {
    const double half = std::max(std::abs(low) * 0.05, 0.01);
    low -= half;
    high += half;
  }
  const double margin = (high - low) * pad;
  return {low - margin, high + margin, nice_step(high - low, 5)};
}

template <class Value, class Error>
AxisRange spanned(const PlotData& data, Value value, Error error, double pad) {
  double low = INFINITY;
  double high = -INFINITY;
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      if (!std::isfinite(point.*value) || !point.missing.empty()) continue;
      const double half = (point.*error).value_or(0);
      low = std::min(low, point.*value - half);
      high = std::max(high, point.*value + half);
    }
  }
  if (low > high) return {};
  AxisRange range = padded(low, high, pad);
  if (low >= 0) range.low = std::max(0.0, range.low);  // no room below what cannot be negative
  return range;
}

struct Box {
  double left;
  double right;
  double bottom;
  double top;
};

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.top, b.top) - std::max(a.bottom, b.bottom);
  return width > 0 && height > 0 ? width * height : 0;
}

// A mark with its error bars, in millimetres.
struct Mark {
  double x;
  double y;
  double half_x;
  double half_y;
};

struct Candidate {
  Box box;
  double x;
  std::string_view alignment;
};

std::array<Candidate, 4> candidates(const Mark& mark, double width) {
  constexpr double kAirMm = 0.6;
  const double right = mark.x + mark.half_x + kAirMm;
  const double left = mark.x - mark.half_x - kAirMm;
  const double above = mark.y + mark.half_y + kAirMm;
  const double below = mark.y - mark.half_y - kAirMm;
  const double half = kLineMm / 2;
  return {{{{right, right + width, mark.y - half, mark.y + half}, right, "left"},
           {{left - width, left, mark.y - half, mark.y + half}, left, "right"},
           {{mark.x - width / 2, mark.x + width / 2, above, above + kLineMm}, mark.x, "center"},
           {{mark.x - width / 2, mark.x + width / 2, below - kLineMm, below}, mark.x, "center"}}};
}

std::vector<Mark> marks_of(const PlotData& data, double width_mm, double height_mm) {
  const AxisRange x = x_range(data);
  const AxisRange y = y_range(data);
  const double x_scale = width_mm / (x.high - x.low);
  const double y_scale = height_mm / (y.high - y.low);
  std::vector<Mark> marks;
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      marks.push_back({(point.x - x.low) * x_scale, (point.y - y.low) * y_scale,
                       std::max(kMarkMm, point.x_error.value_or(0) * x_scale),
                       std::max(kMarkMm, point.y_error.value_or(0) * y_scale)});
    }
  }
  return marks;
}

// Room above the marks, a share of their range; bars end at a tick of the axis anyway.
double y_pad(PlotKind kind) {
  if (kind == PlotKind::kScatter) return 0.12;
  return kind == PlotKind::kBars ? 0 : 0.05;
}

}  // namespace

AxisRange x_range(const PlotData& data) {
  if (data.kind == PlotKind::kErf || data.kind == PlotKind::kPca) return {0, 1, 0.2};
  if (data.kind == PlotKind::kBars) return {-0.6, static_cast<double>(data.x_labels.size()) - 0.4, 1};
  AxisRange range = spanned(data, &PlotPoint::x, &PlotPoint::x_error, data.kind == PlotKind::kHistory ? 0.0 : 0.12);
  if (data.kind == PlotKind::kHistory) {
    if (range.low >= 0 && range.low <= 0.2 * range.high) range.low = 0;
    range.step = std::max(1.0, nice_step(range.high - range.low, 5));
  }
  return range;
}

AxisRange y_range(const PlotData& data) {
  if (data.kind == PlotKind::kErf || data.kind == PlotKind::kActivation) return {0, 1, 0.2};
  AxisRange range = spanned(data, &PlotPoint::y, &PlotPoint::y_error, y_pad(data.kind));
  if (data.kind == PlotKind::kScatter) return range;
  for (const PlotLevel& level : data.levels) range.high = std::max(range.high, level.y * 1.05);
  if (data.kind == PlotKind::kBars || (range.low > 0 && range.low < 0.5 * range.high))
    range.low = std::min(0.0, range.low);
  if (data.kind == PlotKind::kBars) range.high = std::max(0.0, range.high);  // bars stand or hang on the zero line
  range.step = nice_step(range.high - range.low, 5);
  if (data.kind == PlotKind::kBars) range.high = std::ceil(range.high / range.step) * range.step;
  return range;
}

std::vector<PlacedLabel> place_labels(const PlotData& data, double width_mm, double height_mm) {
  const std::vector<Mark> marks = marks_of(data, width_mm, height_mm);
  std::vector<Box> taken;
  for (const Mark& mark : marks) {
    taken.push_back({mark.x - mark.half_x, mark.x + mark.half_x, mark.y - kMarkMm, mark.y + kMarkMm});
    taken.push_back({mark.x - kMarkMm, mark.x + kMarkMm, mark.y - mark.half_y, mark.y + mark.half_y});
  }
  std::vector<PlacedLabel> labels;
  size_t index = 0;
  for (const PlotSeries& series : data.series) {
    for (const PlotPoint& point : series.points) {
      const Mark& mark = marks[index++];
      if (point.label.empty()) continue;
      const auto cost = [&](const Candidate& candidate) {
        const Box& box = candidate.box;
        double sum = 10 * (std::max(0.0, -box.left) + std::max(0.0, box.right - width_mm) + std::max(0.0, -box.bottom) +
                           std::max(0.0, box.top - height_mm));
        for (const Box& other : taken) sum += overlap(box, other);
        return sum;
      };
      const auto all = candidates(mark, static_cast<double>(point.label.size()) * kLetterMm);
      const Candidate& best = *std::min_element(
          all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) { return cost(a) < cost(b); });
      taken.push_back(best.box);
      labels.push_back(
          {point.label, best.x / width_mm, (best.box.bottom + best.box.top) / 2 / height_mm, best.alignment});
    }
  }
  return labels;
}

}  // namespace camsweep

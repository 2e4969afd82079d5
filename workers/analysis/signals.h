#pragma once

#include <optional>
#include <vector>

#include "workers/data/image.h"

// Class activation maps of one-dimensional signals. Spec protocol, 12.
namespace camsweep {

// Samples of a signal, both inside.
struct Segment {
  int first = 0;
  int last = 0;
};

// A map raised linearly to a signal's length (half-pixel centres).
std::vector<double> raise_along(const std::vector<double>& map, int length);

struct SegmentScore {
  double iou = 0;  // of the samples above half the map's maximum with the segment
  bool peak_inside = false;
};
// Of a map with the signal's length; none where no value is above zero, so that nothing is localized.
std::optional<SegmentScore> score_segment(const std::vector<double>& map, const Segment& truth);

// One signal to draw.
struct SignalExample {
  std::vector<double> signal;
  std::vector<double> map;  // of the signal's length
  std::optional<Segment> truth;
};

// The signal as a line in the colours of its map, stretched to [0, 1]; the true segment is lighter.
Image draw_signal(const SignalExample& example);

}  // namespace camsweep

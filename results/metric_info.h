#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/job_spec.h"

namespace camsweep {

// How a metric is written and read by people.
struct MetricInfo {
  std::string title;  // axis name with its unit
  enum class Better { kHigher, kLower, kUnknown } better = Better::kUnknown;
  int decimals = 3;
  bool known = false;  // false: the title is the metric's name
};

// Known for every metric of ours by its last part ("cam.maxboxacc" -> maxboxacc); others are shown under their name.
MetricInfo metric_info(std::string_view metric);

// The stage that reports a metric: training for train., val. and test., the analysis of that name, else localize.
Stage metric_stage(std::string_view metric);

// The metric of a box that ignores the image to compare this one with: "floor.centred_v2" for "pc1.maxboxacc_v2" and
// `box` "centred"; none for metrics that are no box accuracy.
std::optional<std::string> floor_metric(std::string_view metric, std::string_view box);

// "cam" -> "CAM", "pc1_gt" -> "PC1 (true class)"; other sources as they are.
std::string source_title(std::string_view source);

}  // namespace camsweep

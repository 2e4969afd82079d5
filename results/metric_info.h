#pragma once

#include <string>
#include <string_view>

namespace camsweep {

// How a metric is written and read by people.
struct MetricInfo {
  std::string title;  // axis name with its unit
  enum class Better { kHigher, kLower, kUnknown } better = Better::kUnknown;
  int decimals = 3;
};

// Known for every metric of ours by its last part ("cam.maxboxacc" -> maxboxacc); others are shown under their name.
MetricInfo metric_info(std::string_view metric);

// "cam" -> "CAM", "pc1_gt" -> "PC1 (true class)"; other sources as they are.
std::string source_title(std::string_view source);

}  // namespace camsweep

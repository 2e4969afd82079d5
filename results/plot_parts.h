#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "results/plot.h"

// What the kinds of plots share.
namespace camsweep {

// More series, or more bars than twice this, need two columns of a paper.
inline constexpr size_t kManySeries = 8;

// Throws ConfigError.
[[noreturn]] void nothing_to_show(const std::string& what);

// With a capital.
std::string sentence(std::string text);

// How many replicates the marks of a figure stand for.
class Deviations {
 public:
  void add(const Summary& summary) { counts_.insert(summary.n); }
  // "mean ± s.d., n = 2 to 3"; "" where there is one replicate of everything.
  std::string text() const;

 private:
  std::set<int64_t> counts_;
};

PlotData bar_plot(const Comparison& comparison, const PlotSpec& spec);

}  // namespace camsweep

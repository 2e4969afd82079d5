#include "results/plot_parts.h"

#include <fmt/format.h>

#include <cctype>

#include "schemas/error.h"

namespace camsweep {

void nothing_to_show(const std::string& what) {
  throw ConfigError(fmt::format("there is nothing to draw: no cell has {} yet", what));
}

std::string sentence(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string Deviations::text() const {
  if (counts_.empty() || *counts_.rbegin() < 2) return "";
  const std::string from = std::to_string(*counts_.begin());
  return "mean ± s.d., n = " + (counts_.size() == 1 ? from : fmt::format("{} to {}", from, *counts_.rbegin()));
}

}  // namespace camsweep

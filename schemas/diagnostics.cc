#include "schemas/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {

std::string SourcePlace::text() const { return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column); }

void Diagnostics::add(const SourcePlace& place, const std::string& path, const std::string& sentence) {
  entries_.push_back({place, fmt::format("{}: {}{}{}", place.text(), path, path.empty() ? "" : ": ", sentence)});
}

void Diagnostics::throw_if_any() const {
  constexpr size_t kMaxListed = 20;
  if (entries_.empty()) return;
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  std::vector<std::string> lines;
  for (const Entry& entry : sorted) {
    if (lines.size() == kMaxListed) {
      lines.push_back(fmt::format("and {} more", sorted.size() - kMaxListed));
      break;
    }
    lines.push_back(entry.text);
  }
  throw ConfigError(join(lines, "\n"));
}

}  // namespace camsweep

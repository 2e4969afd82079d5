#include "workers/checkpoints/name_pattern.h"

#include <algorithm>
#include <vector>

namespace camsweep {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What the wildcards of `pattern` stand for in `name`, none if it does not match.
std::optional<std::vector<std::string_view>> wildcards(std::string_view name, std::string_view pattern) {
  std::vector<std::string_view> found;
  for (; !pattern.empty(); pattern.remove_prefix(1)) {
    if (name.empty()) return std::nullopt;
    size_t length = 1;
    if (pattern[0] == '*') {
      length = name.size();
    } else if (pattern[0] == '#') {
      length = static_cast<size_t>(std::ranges::find_if_not(name, is_digit) - name.begin());
      if (length == 0) return std::nullopt;
    } else if (pattern[0] != name[0]) {
      return std::nullopt;
    }
    if (pattern[0] == '*' || pattern[0] == '#') found.push_back(name.substr(0, length));
    name.remove_prefix(length);
  }
  if (!name.empty()) return std::nullopt;
  return found;
}

}  // namespace

bool matches(std::string_view name, std::string_view pattern) { return wildcards(name, pattern).has_value(); }

std::optional<std::string> renamed(std::string_view name, std::string_view from, std::string_view to) {
  const auto values = wildcards(name, from);
  if (!values) return std::nullopt;
  std::string result;
  auto value = values->begin();
  for (const char c : to) {
    if (c == '*' || c == '#') {
      result += *value++;
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace camsweep

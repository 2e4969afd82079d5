#include "results/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

#include "results/schema.h"
#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\n") - first + 1));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The parts between the word `and`, outside quotes.
std::vector<std::string> split_at_and(std::string_view text) {
  constexpr std::string_view kAnd = " and ";
  std::vector<std::string> parts;
  char quote = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'' || text[i] == '"') quote = quote == 0 ? text[i] : (quote == text[i] ? 0 : quote);
    if (quote == 0 && equal_ignoring_case(text.substr(i, kAnd.size()), kAnd)) {
      parts.push_back(trimmed(text.substr(start, i - start)));
      start = i + kAnd.size();
      i = start - 1;
    }
  }
  parts.push_back(trimmed(text.substr(start)));
  return parts;
}

Json value_from(const std::string& text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.front() == text.back()) {
    return text.substr(1, text.size() - 2);
  }
  if (text == "true" || text == "false") return text == "true" ? 1 : 0;  // as the view stores them
  if (text == "null") return nullptr;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

Condition parse_condition(const std::string& text) {
  constexpr std::array<std::string_view, 7> kComparisons = {"!=", "<=", ">=", "==", "=", "<", ">"};
  const size_t place = text.find_first_of("!<>=");
  for (const std::string_view comparison : kComparisons) {
    if (place == std::string::npos || text.compare(place, comparison.size(), comparison) != 0) continue;
    Condition condition{.column = trimmed(std::string_view(text).substr(0, place)),
                        .comparison = comparison == "==" ? "=" : std::string(comparison),
                        .value = value_from(trimmed(std::string_view(text).substr(place + comparison.size())))};
    const bool has_wildcard = condition.value.is_string() &&
                              condition.value.get_ref<const std::string&>().find_first_of("*?") != std::string::npos;
    if (has_wildcard && condition.comparison == "=") condition.comparison = "GLOB";
    if (has_wildcard && condition.comparison == "!=") condition.comparison = "NOT GLOB";
    return condition;
  }
  throw ConfigError(fmt::format(
      "--where: found '{}', expected column, comparison (= != < <= > >=) and value, like 'epochs>=20'", text));
}

std::string sql_of(const Condition& condition) {
  const std::string column = sql_quoted(condition.column);
  if (!condition.value.is_null()) return column + " " + condition.comparison + " ?";
  return column + (condition.comparison == "!=" ? " IS NOT NULL" : " IS NULL");
}

}  // namespace

std::string Filter::condition_sql() const {
  std::vector<std::string> parts;
  for (const Condition& condition : conditions) parts.push_back(sql_of(condition));
  return parts.empty() ? "true" : join(parts, " AND ");
}

void Filter::bind(Statement& statement) const {
  int index = 0;
  for (const Condition& condition : conditions) {
    if (condition.value.is_null()) continue;
    ++index;
    if (condition.value.is_string()) {
      statement.bind(index, condition.value.get_ref<const std::string&>());
    } else {
      statement.bind(index, condition.value.get<double>());
    }
  }
}

Filter parse_filter(const std::string& text, const std::vector<std::string>& columns) {
  Filter filter;
  if (trimmed(text).empty()) return filter;
  for (const std::string& part : split_at_and(text)) {
    Condition condition = parse_condition(part);
    if (std::find(columns.begin(), columns.end(), condition.column) == columns.end()) {
      throw ConfigError(fmt::format("--where: there is no column '{}'{}; there are {}", condition.column,
                                    did_you_mean(condition.column, columns), join(columns)));
    }
    filter.conditions.push_back(std::move(condition));
  }
  return filter;
}

}  // namespace camsweep

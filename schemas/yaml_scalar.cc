#include "schemas/yaml_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace camsweep {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many digits `text` starts with.
size_t digits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

enum class NumberForm { kNone, kInteger, kFloat };

// [-+]? [0-9]+, or [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
NumberForm number_form(std::string_view text) {
  text = without_sign(text);
  const size_t whole = digits(text);
  text.remove_prefix(whole);
  if (text.empty()) return whole > 0 ? NumberForm::kInteger : NumberForm::kNone;
  size_t fraction = 0;
  if (text[0] == '.') {
    text.remove_prefix(1);
    fraction = digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return NumberForm::kNone;
  if (text.empty()) return NumberForm::kFloat;
  if (text[0] != 'e' && text[0] != 'E') return NumberForm::kNone;
  text = without_sign(text.substr(1));
  return !text.empty() && digits(text) == text.size() ? NumberForm::kFloat : NumberForm::kNone;
}

ScalarReading read_integer(std::string_view text, int base) {
  const bool plus = text[0] == '+';
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + (plus ? 1 : 0), text.data() + text.size(), value, base);
  if (error == std::errc::result_out_of_range) {
    return {nullptr, fmt::format("'{}' does not fit into 64 bits", text)};
  }
  return {value, ""};
}

ScalarReading read_float(std::string_view text) {
  const bool plus = text[0] == '+';
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + (plus ? 1 : 0), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range || !std::isfinite(value)) {
    return {nullptr, fmt::format("'{}' is beyond the range of a number", text)};
  }
  return {value, ""};
}

bool has_base_prefix(std::string_view text, std::string_view prefix, std::string_view allowed) {
  return text.size() > 2 && text.substr(0, 2) == prefix && text.find_first_not_of(allowed, 2) == std::string_view::npos;
}

}  // namespace

ScalarReading read_plain_scalar(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {nullptr, ""};
  if (is_one_of(text, {"true", "True", "TRUE"})) return {true, ""};
  if (is_one_of(text, {"false", "False", "FALSE"})) return {false, ""};
  if (is_one_of(without_sign(text), {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return {nullptr, fmt::format("'{}' is not a finite number", text)};
  }
  if (has_base_prefix(text, "0o", "01234567")) return read_integer(text.substr(2), 8);
  if (has_base_prefix(text, "0x", "0123456789abcdefABCDEF")) return read_integer(text.substr(2), 16);
  const NumberForm form = number_form(text);
  if (form == NumberForm::kNone) return {std::string(text), ""};
  const std::string_view bare = without_sign(text);
  if (bare.size() > 1 && bare[0] == '0' && is_digit(bare[1])) {
    return {nullptr, fmt::format("'{}' has a leading zero, which some programs read as octal: write the number "
                                 "without it, or a string in quotes",
                                 text)};
  }
  return form == NumberForm::kInteger ? read_integer(text, 10) : read_float(text);
}

}  // namespace camsweep

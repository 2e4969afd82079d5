#include "schemas/json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace camsweep {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: every whole number below is exact in a double

bool is_whole(double number) { return std::trunc(number) == number && std::abs(number) < kExact; }

bool needs_escape(char c) { return c < ' ' || c == '"' || c == '\\' || c == '\x7f'; }

void append_canonical_string(const std::string& string, std::string& text) {
  if (std::any_of(string.begin(), string.end(), needs_escape)) {
    text += Json(string).dump();
  } else {
    text.append(1, '"').append(string).append(1, '"');
  }
}

// dump() of a normalized() copy, without the copy and without the state machine that dump() runs over every string:
// a plan of a hundred thousand cells hashes 200 MB of this.
void append_canonical(const Json& value, std::string& text) {
  if (value.is_object()) {
    char separator = '{';
    for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
      text += separator;
      append_canonical_string(key, text);
      text += ':';
      append_canonical(item, text);
      separator = ',';
    }
    text += value.empty() ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const Json& item : value) {
      text += separator;
      append_canonical(item, text);
      separator = ',';
    }
    text += value.empty() ? "[]" : "]";
  } else if (value.is_string()) {
    append_canonical_string(value.get_ref<const std::string&>(), text);
  } else if (value.is_number_float() && is_whole(value.get<double>())) {
    text += std::to_string(static_cast<int64_t>(value.get<double>()));
  } else {
    text += value.dump();
  }
}

}  // namespace

Json normalized(Json value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (is_whole(number)) return static_cast<int64_t>(number);
  } else if (value.is_structured()) {
    for (Json& item : value) item = normalized(std::move(item));
  }
  return value;
}

std::string canonical(const Json& value) {
  std::string text;
  append_canonical(value, text);
  return text;
}

}  // namespace camsweep

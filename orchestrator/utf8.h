#pragma once

#include <string>

#include "schemas/json.h"

namespace camsweep {

// The text with U+FFFD for every byte that is no UTF-8. For what other programs wrote (logs, records of ranks), before
// it enters the database: JSON refuses such bytes, and so would every reader of what holds them.
inline std::string valid_utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

// What a command prints or a file shows: a text of foreign origin must not keep the rest from being read.
inline std::string printable_json(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace camsweep

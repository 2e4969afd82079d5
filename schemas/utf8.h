#pragma once

#include <string>
#include <string_view>

#include "schemas/json.h"

// Texts that others wrote: names of files, logs, records of ranks. JSON, and so the database, holds UTF-8 only.
namespace camsweep {

bool is_utf8(std::string_view text);

// The text with every byte that belongs to no UTF-8 sequence as \xNN, for messages, or as U+FFFD, within JSON.
std::string escaped(std::string_view text);
std::string valid_utf8(std::string_view text);

// Throws ConfigError unless `name`, of a `what` ("the image"), is UTF-8.
void require_utf8(std::string_view what, const std::string& name);

// As dump(), which throws where a text in it is not UTF-8: one such text must not keep the rest from being read.
std::string printable_json(const Json& json, int indent = -1);

}  // namespace camsweep

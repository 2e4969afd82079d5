#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/diagnostics.h"
#include "schemas/json.h"
#include "schemas/yaml_document.h"

namespace camsweep {

// One place where a value breaks a JSON Schema.
struct Violation {
  enum class At { kValue, kKey };
  std::string pointer;  // JSON pointer of the value, or of the unknown key
  At at = At::kValue;
  std::string sentence;  // what was found, what is expected, the nearest known key
};

// Validates with JSON Schema (draft 7). What is expected is said with the `title`, `enum` or `type` of the
// schema at that place. Only the innermost places are listed, not every object around them.
std::vector<Violation> validate(const Json& value, const Json& schema);

// As problems of a file, each at its place.
void add_violations(const YamlDocument& document, const Json& schema, Diagnostics& problems);

}  // namespace camsweep

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/json.h"

namespace camsweep {

// A plain (unquoted) scalar by the core schema of YAML 1.2 (chapter 10.3): null, booleans spelled true and
// false, integers, floating-point numbers, else a string. `no`, `yes`, `on` and `off` are strings.
struct ScalarReading {
  Json value;
  std::string problem;  // why the text is refused: a leading zero, not finite, beyond 64 bits; else empty
};
ScalarReading read_plain_scalar(std::string_view text);

}  // namespace camsweep

#pragma once

#include <string>
#include <string_view>

#include "schemas/diagnostics.h"

namespace camsweep {

// What must hold of the bytes before a YAML parser sees them: size, UTF-8, no NUL, no tab in an indentation
// (yaml-cpp then speaks of anything but tabs). Adds at most one problem.
void check_yaml_text(std::string_view text, const std::string& file, Diagnostics& problems);

}  // namespace camsweep

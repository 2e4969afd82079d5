#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "schemas/sweep_spec.h"

namespace camsweep {

// Reads a sweep file: YAML, JSON Schema, then what neither can say (types and ranges of parameters, names of
// backbones, axes that stand twice). Throws one ConfigError with at most 20 lines `file:line:col: path:
// sentence`.
SweepSpec load_sweep(const std::filesystem::path& file);

// The same for a text; `file` is what messages call it.
SweepSpec read_sweep(std::string_view text, const std::string& file);

}  // namespace camsweep

#pragma once

#include <string>

namespace camsweep {

// A CSV field (RFC 4180): quoted where it holds a comma, a quote or a line break.
std::string csv_field(const std::string& text);

}  // namespace camsweep

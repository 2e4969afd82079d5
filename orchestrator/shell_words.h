#pragma once

#include <string>
#include <vector>

namespace camsweep {

// A command line that a POSIX shell splits into these words again: quoted where that is needed.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace camsweep

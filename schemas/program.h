#pragma once

#include <functional>
#include <string_view>

namespace camsweep {

// What main() of a program returns: the exit code of `run`. Where an exception ends it, its sentence goes to stderr
// under the program's name; an exception that is no Error is a bug.
int run_program(std::string_view program, const std::function<int()>& run);

}  // namespace camsweep

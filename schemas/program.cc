#include "schemas/program.h"

#include <fmt/format.h>

#include <cstdio>

#include "schemas/error.h"

namespace camsweep {

int run_program(std::string_view program, const std::function<int()>& run) {
  try {
    return run();
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: bug: {}\n", program, error.what());
    return static_cast<int>(ExitCode::kBug);
  }
}

}  // namespace camsweep

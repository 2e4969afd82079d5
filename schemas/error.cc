#include "schemas/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace camsweep {

Error environment_error(const std::string& what, int error_number) {
  const bool disk_full = error_number == ENOSPC || error_number == EDQUOT;
  return Error(disk_full ? ExitCode::kDiskFull : ExitCode::kEnvironment,
               fmt::format("{}: {}", what, std::strerror(error_number)));
}

void report_bug(std::string_view invariant, std::string_view file, int line) {
  throw Error(ExitCode::kBug, fmt::format("bug at {}:{}: this does not hold: {}", file, line, invariant));
}

}  // namespace camsweep

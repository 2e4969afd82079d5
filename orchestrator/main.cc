#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "orchestrator/command_line.h"
#include "schemas/error.h"

int main(int argc, char** argv) {
  try {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    return camsweep::run_command_line(program, {argv + 1, argv + argc});
  } catch (const camsweep::Error& error) {
    fmt::print(stderr, "camsweep: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "camsweep: bug: {}\n", error.what());
    return static_cast<int>(camsweep::ExitCode::kBug);
  }
}

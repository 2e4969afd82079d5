#include <filesystem>
#include <system_error>

#include "orchestrator/command_line.h"
#include "schemas/program.h"

int main(int argc, char** argv) {
  return camsweep::run_program("camsweep", [&] {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    return camsweep::run_command_line(program, {argv + 1, argv + argc});
  });
}

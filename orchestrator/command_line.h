#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace camsweep {

// What `camsweep ARGUMENTS..` does, in this process where LibTorch is not needed: commands about one file or folder
// replace the process by camsweep-worker, which lies beside `program`. Returns the exit code; help and mistyped options
// are printed. Throws Error for everything else that ends a command, an unknown command among it.
int run_command_line(const std::filesystem::path& program, const std::vector<std::string>& arguments);

}  // namespace camsweep

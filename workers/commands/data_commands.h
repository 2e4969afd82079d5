#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "workers/commands/commands.h"

namespace camsweep {

// `camsweep data check`.
void add_check_command(CLI::App& data, WorkerCommandLine& line);

// `camsweep data preview`.
void add_preview_command(CLI::App& data);

// "1 class", "20 classes".
std::string counted(int64_t count, std::string_view one, std::string_view more);

// "80 train, 0 val, 40 test images".
std::string split_sizes(int64_t train, int64_t val, int64_t test);

}  // namespace camsweep

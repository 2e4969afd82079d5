#pragma once

#include "workers/commands/commands.h"

namespace camsweep {

// `camsweep-worker rank`: one rank of a gang, started through camsweep-rank. Hidden from --help.
void add_rank_command(CLI::App& app, WorkerCommandLine& line);

}  // namespace camsweep

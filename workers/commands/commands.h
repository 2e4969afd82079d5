#pragma once

#include "schemas/error.h"

namespace CLI {
class App;
}

namespace camsweep {

// What all one-file commands share. A command throws Error, or leaves its exit code here.
struct WorkerCommandLine {
  ExitCode exit_code = ExitCode::kDone;
};

// Each adds one subcommand with its options, an example in the footer, and its action as callback.
void add_forward_command(CLI::App& app, WorkerCommandLine& line);
void add_evaluate_command(CLI::App& app, WorkerCommandLine& line);
void add_localize_command(CLI::App& app, WorkerCommandLine& line);
void add_erf_command(CLI::App& app, WorkerCommandLine& line);
void add_pca_command(CLI::App& app, WorkerCommandLine& line);
void add_activation_command(CLI::App& app, WorkerCommandLine& line);
void add_inspect_checkpoint_command(CLI::App& app, WorkerCommandLine& line);
void add_convert_checkpoint_command(CLI::App& app, WorkerCommandLine& line);
void add_data_command(CLI::App& app, WorkerCommandLine& line);

}  // namespace camsweep

#pragma once

#include <filesystem>

#include "schemas/error.h"

namespace CLI {
class App;
}

namespace camsweep {

// What all commands share. A command throws Error, or leaves its exit code here.
struct CommandLine {
  std::filesystem::path program;        // how camsweep was started: its siblings lie beside it
  std::filesystem::path runs = "runs";  // --runs
  ExitCode exit_code = ExitCode::kDone;
};

// Each adds one subcommand with its options, an example in the footer, and its action as callback.
void add_plan_command(CLI::App& app, CommandLine& line);
void add_run_command(CLI::App& app, CommandLine& line);
void add_status_command(CLI::App& app, CommandLine& line);
void add_jobs_command(CLI::App& app, CommandLine& line);
void add_logs_command(CLI::App& app, CommandLine& line);
void add_retry_command(CLI::App& app, CommandLine& line);
void add_query_command(CLI::App& app, CommandLine& line);
void add_table_command(CLI::App& app, CommandLine& line);
void add_plot_command(CLI::App& app, CommandLine& line);
void add_report_command(CLI::App& app, CommandLine& line);
void add_export_command(CLI::App& app, CommandLine& line);
void add_verify_command(CLI::App& app, CommandLine& line);
void add_schema_command(CLI::App& app, CommandLine& line);
void add_backbones_command(CLI::App& app, CommandLine& line);
void add_recipes_command(CLI::App& app, CommandLine& line);
void add_checkpoints_command(CLI::App& app, CommandLine& line);

// What every command says of --checkpoints.
inline constexpr const char* kCheckpointsHelp =
    "folder of published weights (default: the sweep file's `checkpoints: {folder: ..}`, else the environment variable "
    "CAMSWEEP_CHECKPOINTS)";

}  // namespace camsweep

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "orchestrator/commands/commands.h"
#include "version.h"

namespace camsweep {
namespace {

constexpr std::array<std::string_view, 9> kWorkerCommands = {
    "forward", "evaluate", "localize", "erf", "pca", "activation", "inspect-checkpoint", "convert-checkpoint", "data"};

std::filesystem::path own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

// Commands about one file or folder need LibTorch: this process becomes camsweep-worker, which lies beside it.
void become_worker(char** argv) {
  const std::filesystem::path worker = own_path().parent_path() / "camsweep-worker";
  ::execv(worker.c_str(), argv);
  throw environment_error("cannot start " + worker.string(), errno);
}

int run(int argc, char** argv) {
  if (argc > 1 && std::find(kWorkerCommands.begin(), kWorkerCommands.end(), argv[1]) != kWorkerCommands.end()) {
    become_worker(argv);
  }
  CommandLine line{.program = own_path()};
  CLI::App app("Runs ablation grids on vision models: YAML in, tables and plots out.", "camsweep");
  app.set_version_flag("--version", fmt::format("camsweep {} ({})", kVersion, kCommit));
  app.add_option("--runs", line.runs, "folder that holds one folder per sweep")->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  // In the order of the README.
  add_plan_command(app, line);
  add_run_command(app, line);
  add_status_command(app, line);
  add_jobs_command(app, line);
  add_logs_command(app, line);
  add_retry_command(app, line);
  add_query_command(app, line);
  add_table_command(app, line);
  add_plot_command(app, line);
  add_report_command(app, line);
  add_export_command(app, line);
  add_verify_command(app, line);
  add_schema_command(app, line);
  add_backbones_command(app, line);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kBadInput);
  }
  return static_cast<int>(line.exit_code);
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  try {
    return camsweep::run(argc, argv);
  } catch (const camsweep::Error& error) {
    fmt::print(stderr, "camsweep: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "camsweep: bug: {}\n", error.what());
    return static_cast<int>(camsweep::ExitCode::kBug);
  }
}

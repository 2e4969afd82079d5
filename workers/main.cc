#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "schemas/program.h"
#include "version.h"
#include "workers/commands/commands.h"
#include "workers/commands/rank_command.h"

namespace camsweep {
namespace {

int run(int argc, char** argv) {
  WorkerCommandLine line;
  CLI::App app("Commands about one file or folder, and the ranks of a gang.", "camsweep");
  app.set_version_flag("--version", fmt::format("camsweep {} ({})", kVersion, kCommit));
  app.require_subcommand(1);
  // In the order of the README.
  add_forward_command(app, line);
  add_evaluate_command(app, line);
  add_localize_command(app, line);
  add_erf_command(app, line);
  add_pca_command(app, line);
  add_activation_command(app, line);
  add_inspect_checkpoint_command(app, line);
  add_convert_checkpoint_command(app, line);
  add_data_command(app, line);
  add_rank_command(app, line);

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
  return camsweep::run_program("camsweep", [&] { return camsweep::run(argc, argv); });
}

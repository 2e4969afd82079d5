#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "embedded.h"
#include "orchestrator/commands/commands.h"

namespace camsweep {

void add_schema_command(CLI::App& app, CommandLine&) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of sweep files, for editors.");
  command->footer("Example:\n  camsweep schema > sweep.schema.json");
  command->callback([] { fmt::print("{}", kSweepSchema); });
}

}  // namespace camsweep

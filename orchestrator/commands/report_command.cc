#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "results/report.h"

namespace camsweep {

void add_report_command(CLI::App& app, CommandLine& line) {
  auto sweep = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("report", "Write report/index.html: table, figures and overlays in one file.");
  command->add_option("sweep", *sweep, "name, file or folder of a sweep; the latest by default");
  command->footer("Example:\n  camsweep report quickstart");
  command->callback([sweep, &line] {
    const ReportFiles files = write_report(find_sweep(line.runs, *sweep).root);
    for (const std::string& note : files.notes) fmt::print(stderr, "{}\n", note);
    fmt::print("{}\n", files.html.string());
  });
}

}  // namespace camsweep

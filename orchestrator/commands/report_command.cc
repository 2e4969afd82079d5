#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "results/report.h"
#include "schemas/map_methods.h"

namespace camsweep {

void add_report_command(CLI::App& app, CommandLine& line) {
  auto sweep = std::make_shared<std::string>();
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand("report", "Write report/index.html: table, figures and overlays in one file.");
  command->add_option("sweep", *sweep, "name, file or folder of a sweep; the latest by default");
  command->add_option("--method", options->method, "whose overlays show first, a method of `localize`")
      ->check(CLI::IsMember(map_method_names()))
      ->capture_default_str();
  command->footer("Example:\n  camsweep report quickstart");
  command->callback([sweep, options, &line] {
    const ReportFiles files = write_report(find_sweep(line.runs, *sweep).root, *options);
    for (const std::string& note : files.notes) fmt::print(stderr, "{}\n", note);
    fmt::print("{}\n", files.html.string());
  });
}

}  // namespace camsweep

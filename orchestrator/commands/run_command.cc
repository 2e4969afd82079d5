#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/run_sweep.h"
#include "results/report.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep_file;
  std::vector<std::string> overrides;
  std::vector<std::string> only;
  std::filesystem::path checkpoints;
  std::optional<int> slots;
  std::string hostfile;
  bool adopt = false;
  bool no_report = false;
};

void report(const SweepFolder& folder) {
  const ReportFiles files = write_report(folder.root);
  fmt::print("{}", files.table);
  for (const std::string& line : files.notes) fmt::print(stderr, "{}\n", line);
  fmt::print(stderr, "report: {}\n", files.html.string());
}

ExitCode run(const Arguments& arguments, const CommandLine& line) {
  RunOptions options;
  options.sweep_file = arguments.sweep_file;
  options.runs = line.runs;
  options.programs = line.program.parent_path();
  options.plan = {.overrides = arguments.overrides, .only = arguments.only, .checkpoints = arguments.checkpoints};
  options.slots = arguments.slots;
  if (!arguments.hostfile.empty()) options.hostfile = arguments.hostfile;
  options.adoption = arguments.adopt ? Adoption::kAdopt : Adoption::kRefuse;
  if (!arguments.no_report) options.report = report;
  return run_sweep(options);
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("run", "Run what is missing of a sweep, then report.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("sweep", arguments->sweep_file, "the sweep file")->required()->type_name("FILE");
  command->add_option("overrides", arguments->overrides, "parameters to set in every cell")->type_name("KEY=VALUE");
  command
      ->add_option("--only", arguments->only,
                   "only the cells that match, e.g. 'backbone=convnext_*'; several: all must")
      ->type_name("KEY=PATTERN")
      ->allow_extra_args(false);
  command->add_option("--checkpoints", arguments->checkpoints, kCheckpointsHelp)->type_name("DIR");
  command->add_option("--slots", arguments->slots, "ranks that may run at once (default: GPUs, or the largest gang)")
      ->check(CLI::Range(1, 4096));
  command->add_option("--hostfile", arguments->hostfile, "slots from lines 'host slots=N'")->type_name("FILE");
  command->add_flag("--adopt", arguments->adopt, "take over a folder that another sweep file made");
  command->add_flag("--no-report", arguments->no_report, "do not write tables, plots and the report at the end");
  command->footer(
      "Ctrl-C lets the gangs write a checkpoint; the same command continues. Example:\n"
      "  camsweep run experiments/quickstart.yaml epochs=5 --only 'augmentation=true'");
  command->callback([arguments, &line] { line.exit_code = run(*arguments, line); });
}

}  // namespace camsweep

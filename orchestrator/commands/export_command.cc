#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "results/export.h"
#include "results/query.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  std::string view = "runs";
  std::string out;
};

void export_view(const Arguments& arguments, const CommandLine& line) {
  const std::optional<ExportFormat> format = export_format(arguments.out);
  if (!format) {
    throw ConfigError("--out: found '" + arguments.out + "', expected a file that ends in .csv, .json or .jsonl");
  }
  Database database = open_reader(find_sweep(line.runs, arguments.sweep).database());
  Statement rows = view_statement(database, arguments.view);
  RowWriter writer(column_names(rows), *format);
  while (rows.step()) writer.add(row_values(rows));
  const size_t count = writer.rows();
  write_file(arguments.out, writer.finish());
  fmt::print(stderr, "{} rows of {} in {}\n", count, arguments.view, arguments.out);
}

}  // namespace

void add_export_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("export", "Write results to a CSV or JSON file.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of the sweep; the latest if not given");
  command->add_option("--view", arguments->view, "runs, cells_summary, job_metrics, parameters, or any table")
      ->capture_default_str();
  command->add_option("--out", arguments->out, "the file: .csv, .json or .jsonl (an object per line)")->required();
  command->footer("Example:\n  camsweep export quickstart --view cells_summary --out summary.csv");
  command->callback([arguments, &line] { export_view(*arguments, line); });
}

}  // namespace camsweep

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "results/table.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<std::string> values;
  std::string format = "text";
  bool json = false;
};

void print_table(const Arguments& arguments, const CommandLine& line) {
  const Comparison comparison = read_comparison(find_sweep(line.runs, arguments.sweep).root);
  TableSpec spec = table_spec(comparison);
  if (!arguments.rows.empty()) spec.rows = arguments.rows;
  if (!arguments.columns.empty() || !arguments.rows.empty()) spec.columns = arguments.columns;
  if (!arguments.values.empty()) spec.values = arguments.values;
  const Table table = make_table(comparison, spec);
  fmt::print("{}", arguments.json ? printable_json(to_json(table), 1) + "\n"
                                  : format_table(table, table_format(arguments.format)));
}

}  // namespace

void add_table_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("table",
                                         "Print a comparison table: mean, standard deviation and n over "
                                         "replicates.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of a sweep; the latest by default");
  command->add_option("--rows", arguments->rows, "parameters along the rows")->delimiter(',');
  command->add_option("--columns", arguments->columns, "parameters along the columns")->delimiter(',');
  command->add_option("--value", arguments->values, "metrics shown")->delimiter(',');
  command->add_option("--format", arguments->format, "text, markdown, latex or csv")->capture_default_str();
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer(
      "Example:\n  camsweep table quickstart --rows backbone --columns augmentation --value cam.maxboxacc "
      "--format latex");
  command->callback([arguments, &line] { print_table(*arguments, line); });
}

}  // namespace camsweep

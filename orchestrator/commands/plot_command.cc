#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "orchestrator/sweep_folder.h"
#include "results/gnuplot.h"
#include "results/plot.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  std::vector<std::string> names;
  std::string metric;
  std::string over;
  std::string by;
  std::string x;
  std::string y;
  std::vector<std::string> formats = {"svg", "pdf", "png"};
  std::string out;
};

// The sweep's own plots, or those named, with the options given.
std::vector<PlotSpec> wanted_plots(const Comparison& comparison, const Arguments& arguments) {
  std::vector<PlotSpec> specs;
  if (arguments.names.empty()) {
    for (const Json& entry : comparison.report.value("plots", Json::array())) specs.push_back(plot_spec(entry));
    if (specs.empty()) throw ConfigError("the sweep lists no plots; name one: history, bars, scatter, erf");
  }
  Json options = Json::object();
  for (const auto& [name, value] :
       {std::pair{"metric", arguments.metric}, std::pair{"over", arguments.over}, std::pair{"by", arguments.by},
        std::pair{"x", arguments.x}, std::pair{"y", arguments.y}}) {
    if (!value.empty()) options[name] = value;
  }
  for (const std::string& name : arguments.names) specs.push_back(plot_spec(Json::object({{name, options}})));
  return specs;
}

void draw_plots(const Arguments& arguments, const CommandLine& line) {
  const SweepFolder folder = find_sweep(line.runs, arguments.sweep);
  const Comparison comparison = read_comparison(folder.root);
  std::vector<FigureFormat> formats;
  for (const std::string& name : arguments.formats) formats.push_back(figure_format(name));
  const std::filesystem::path out = arguments.out.empty() ? folder.report() : std::filesystem::path(arguments.out);
  for (const PlotSpec& spec : wanted_plots(comparison, arguments)) {
    for (const auto& file : draw_figure(plot_data(comparison, spec), spec.name(), out, formats)) {
      fmt::print("{}\n", file.string());
    }
  }
}

}  // namespace

void add_plot_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("plot", "Draw figures with their data and gnuplot scripts beside them.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of a sweep; the latest by default");
  command->add_option("plots", arguments->names, "history, bars, scatter, erf; by default what the sweep lists");
  command->add_option("--metric", arguments->metric, "history, bars: the metric");
  command->add_option("--over", arguments->over, "bars: parameter along the axis");
  command->add_option("--by", arguments->by, "bars: parameter that groups");
  command->add_option("--x", arguments->x, "scatter: metric along x");
  command->add_option("--y", arguments->y, "scatter: metric along y");
  command->add_option("--format", arguments->formats, "svg, pdf, png")->delimiter(',')->capture_default_str();
  command->add_option("--out", arguments->out, "folder; by default the sweep's report/");
  command->footer("Example:\n  camsweep plot quickstart bars --metric cam.maxboxacc --over backbone --by augmentation");
  command->callback([arguments, &line] { draw_plots(*arguments, line); });
}

}  // namespace camsweep

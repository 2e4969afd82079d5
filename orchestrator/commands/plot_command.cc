#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
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
  std::vector<std::string> words;  // [SWEEP] [NAME..]
  std::string metric;
  std::string over;
  std::string by;
  std::string x;
  std::string y;
  std::string width;
  std::vector<std::string> formats = {"svg", "pdf", "png"};
  std::string out;
};

bool is_kind(const std::string& word) {
  return word == "history" || word == "bars" || word == "scatter" || word == "erf";
}

// The sweep's own plots; or those named, of the sweep's list where no option says what to draw.
std::vector<PlotSpec> wanted_plots(const Comparison& comparison, const std::vector<std::string>& names,
                                   const Arguments& arguments) {
  const std::vector<PlotSpec> listed = plot_specs(comparison);
  Json options = Json::object();
  for (const auto& [name, value] :
       {std::pair{"metric", arguments.metric}, std::pair{"over", arguments.over}, std::pair{"by", arguments.by},
        std::pair{"x", arguments.x}, std::pair{"y", arguments.y}}) {
    if (!value.empty()) options[name] = value;
  }
  if (names.empty()) {
    if (!options.empty())
      throw ConfigError("name the plot that the options are for: history, bars, scatter, erf, pca, activation");
    return listed;
  }
  std::vector<PlotSpec> specs;
  for (const std::string& name : names) {
    const size_t before = specs.size();
    std::copy_if(listed.begin(), listed.end(), std::back_inserter(specs), [&](const PlotSpec& spec) {
      return spec.name() == name || (options.empty() && spec.name().substr(0, spec.name().find('-')) == name);
    });
    if (specs.size() == before) specs.push_back(plot_spec(Json::object({{name, options}})));
  }
  return specs;
}

double width_mm(const std::string& name) {
  if (name == "single") return kOneColumnMm;
  if (name == "double") return kTwoColumnsMm;
  throw ConfigError("--width: found '" + name + "', expected single (85 mm) or double (175 mm)");
}

void draw_plots(const Arguments& arguments, const CommandLine& line) {
  std::vector<std::string> names = arguments.words;
  std::string sweep;
  if (!names.empty() && !is_kind(names.front())) {
    sweep = names.front();
    names.erase(names.begin());
  }
  const SweepFolder folder = find_sweep(line.runs, sweep);
  const Comparison comparison = read_comparison(folder.root);
  std::vector<FigureFormat> formats;
  for (const std::string& name : arguments.formats) formats.push_back(figure_format(name));
  const std::filesystem::path out = arguments.out.empty() ? folder.report() : std::filesystem::path(arguments.out);
  for (const PlotSpec& spec : wanted_plots(comparison, names, arguments)) {
    PlotData data = plot_data(comparison, spec);
    if (!arguments.width.empty()) data.width_mm = width_mm(arguments.width);
    for (const auto& file : draw_figure(data, spec.name(), out, formats)) fmt::print("{}\n", file.string());
  }
}

}  // namespace

void add_plot_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("plot", "Draw figures with their data and gnuplot scripts beside them.");
  command
      ->add_option("words", arguments->words,
                   "the sweep (the latest if not given), then plots: history, bars, scatter, erf, pca, activation (all "
                   "that the sweep "
                   "lists if none is given)")
      ->type_name("[SWEEP] [NAME..]");
  command->add_option("--metric", arguments->metric, "history, bars: the metric");
  command->add_option("--over", arguments->over, "bars: parameter along the axis");
  command->add_option("--by", arguments->by, "bars: parameter that groups");
  command->add_option("--x", arguments->x, "scatter: metric along x");
  command->add_option("--y", arguments->y, "scatter: metric along y");
  command->add_option("--width", arguments->width, "single (85 mm) or double (175 mm); by default what fits");
  command->add_option("--format", arguments->formats, "svg, pdf, png")->delimiter(',')->capture_default_str();
  command->add_option("--out", arguments->out, "folder; by default the sweep's report/");
  command->footer("Example:\n  camsweep plot quickstart bars --metric cam.maxboxacc --over backbone --by augmentation");
  command->callback([arguments, &line] { draw_plots(*arguments, line); });
}

}  // namespace camsweep

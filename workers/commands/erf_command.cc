#include <CLI/CLI.hpp>
#include <memory>

#include "workers/analysis/erf_job.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {

void add_erf_command(CLI::App& app, WorkerCommandLine&) {
  struct Arguments : ModelArguments {
    int size = 1024;
  };
  CLI::App* command = app.add_subcommand("erf", "Measure a model's effective receptive field.");
  const auto arguments = std::make_shared<Arguments>();
  add_model_options(*command, *arguments);
  command->add_option("--size", arguments->size, "side of the input, px")
      ->check(CLI::Range(32, 8192))
      ->capture_default_str();
  command->footer("Example: camsweep erf --weights weights.safetensors --images birds/ --count 50 --size 1024 --json");
  command->callback([arguments] {
    LocalRun run(Stage::kErf, {{"images", arguments->count}, {"size", arguments->size}}, arguments->out);
    const JobEnd end = run_analysis([&] {
      AnalysisInput input = open_input(*arguments);
      return analyse_erf(run.context(), input);
    });
    print_result(end, *arguments);
  });
}

}  // namespace camsweep

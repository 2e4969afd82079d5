#include <CLI/CLI.hpp>
#include <memory>

#include "workers/analysis/activation_job.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {

void add_activation_command(CLI::App& app, WorkerCommandLine&) {
  struct Arguments : ModelArguments {
    double threshold = 10;
  };
  CLI::App* command =
      app.add_subcommand("activation", "Relate the activated area of feature maps to their class weight.");
  const auto arguments = std::make_shared<Arguments>();
  add_model_options(*command, *arguments);
  command->add_option("--threshold", arguments->threshold, "a position counts above it")->capture_default_str();
  command->footer("Example: camsweep activation --weights weights.safetensors --images birds/ --out activation/");
  command->callback([arguments] {
    const Json parameters = {{"images", arguments->count}, {"threshold", arguments->threshold}};
    LocalRun run(Stage::kActivation, parameters, arguments->out);
    const JobEnd end = run_analysis([&] {
      AnalysisInput input = open_input(*arguments);
      return analyse_activation(run.context(), input);
    });
    print_result(end, *arguments);
  });
}

}  // namespace camsweep

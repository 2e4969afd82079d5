#include <CLI/CLI.hpp>
#include <memory>

#include "schemas/error.h"
#include "workers/analysis/activation_job.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {

void add_activation_command(CLI::App& app, WorkerCommandLine&) {
  struct Arguments : ModelArguments {
    double threshold = 10;
    std::string class_of_weights = "predicted";
    std::string maps = "all";
  };
  CLI::App* command =
      app.add_subcommand("activation", "Relate the activated area of feature maps to their class weight.");
  const auto arguments = std::make_shared<Arguments>();
  add_model_options(*command, *arguments);
  command->add_option("--threshold", arguments->threshold, "a position counts above it")->capture_default_str();
  command->add_option("--class", arguments->class_of_weights, "whose weights: of the predicted class or the true one")
      ->check(CLI::IsMember({"predicted", "gt"}))
      ->capture_default_str();
  command->add_option("--maps", arguments->maps, "of each image: those of all channels, or of one, drawn with seed 0")
      ->check(CLI::IsMember({"all", "one"}))
      ->capture_default_str();
  command->footer("Example: camsweep activation --weights weights.safetensors --images birds/ --out activation/");
  command->callback([arguments] {
    if (arguments->class_of_weights == "gt" && arguments->dataset.empty()) {
      throw ConfigError("--class gt needs a data set (--dataset): a folder of pictures has no classes");
    }
    const Json parameters = {{"images", arguments->count},
                             {"threshold", arguments->threshold},
                             {"class", arguments->class_of_weights},
                             {"maps", arguments->maps}};
    LocalRun run(Stage::kActivation, parameters, arguments->out);
    const JobEnd end = run_analysis([&] {
      AnalysisInput input = open_input(*arguments);
      return analyse_activation(run.context(), input);
    });
    print_result(end, *arguments);
  });
}

}  // namespace camsweep

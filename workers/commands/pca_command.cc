#include <CLI/CLI.hpp>
#include <memory>

#include "workers/analysis/pca_job.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {

void add_pca_command(CLI::App& app, WorkerCommandLine&) {
  struct Arguments : ModelArguments {
    std::string input = "weighted";
    std::string sign = "component";
  };
  CLI::App* command =
      app.add_subcommand("pca", "Measure how much of the feature maps one principal component explains.");
  const auto arguments = std::make_shared<Arguments>();
  arguments->count = 1000;
  add_model_options(*command, *arguments);
  command->add_option("--pc1-input", arguments->input, "maps that the PCA sees")
      ->check(CLI::IsMember({"weighted", "raw"}))
      ->capture_default_str();
  command->add_option("--pc1-sign", arguments->sign, "sign convention of the component")
      ->check(CLI::IsMember({"component", "score"}))
      ->capture_default_str();
  command->footer("Example: camsweep pca --weights weights.safetensors --dataset birds/ --count 1000 --json");
  command->callback([arguments] {
    const Json parameters = {
        {"images", arguments->count}, {"pc1_input", arguments->input}, {"pc1_sign", arguments->sign}};
    LocalRun run(Stage::kPca, parameters, arguments->out);
    const JobEnd end = run_analysis([&] {
      AnalysisInput input = open_input(*arguments);
      return analyse_pca(run.context(), input);
    });
    print_result(end, *arguments);
  });
}

}  // namespace camsweep

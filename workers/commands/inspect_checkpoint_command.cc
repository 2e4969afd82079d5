#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "workers/commands/checkpoint_summary.h"
#include "workers/commands/commands.h"

namespace camsweep {

void add_inspect_checkpoint_command(CLI::App& app, WorkerCommandLine&) {
  struct Arguments {
    std::string file;
    bool ema = false;
    bool json = false;
  };
  CLI::App* command =
      app.add_subcommand("inspect-checkpoint", "Print what a weights file holds: network, classes, names, tensors.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("file", arguments->file, "safetensors, .pth or TorchScript")->required();
  command->add_flag("--ema", arguments->ema, "the averaged weights of a training's file");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Example: camsweep inspect-checkpoint convnext_base_22k_1k_384.pth");
  command->callback([arguments] {
    const Json checkpoint =
        checkpoint_json(arguments->file, arguments->ema ? WeightsChoice::kAverage : WeightsChoice::kTrained);
    if (arguments->json) {
      fmt::print("{}\n", checkpoint.dump(2));
    } else {
      print_checkpoint(checkpoint, arguments->file);
    }
  });
}

}  // namespace camsweep

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "schemas/text.h"
#include "workers/checkpoints/convert.h"
#include "workers/commands/checkpoint_summary.h"
#include "workers/commands/commands.h"

namespace camsweep {
namespace {

struct ConvertArguments {
  std::string in;
  std::string out;
  std::string dialect;
  bool ema = false;
  bool force = false;
  bool json = false;
};

// The names of tensors that were not written.
std::vector<std::string> convert(const ConvertArguments& arguments) {
  if (!arguments.force && std::filesystem::exists(arguments.out)) {
    throw ConfigError(fmt::format("{}: is there already; --force replaces it", arguments.out));
  }
  const WeightsFile file =
      open_weights(arguments.in, arguments.ema ? WeightsChoice::kAverage : WeightsChoice::kTrained);
  Conversion conversion = convert_weights(file, arguments.dialect);
  conversion.file.metadata["source_sha256"] = sha256_file(arguments.in);
  write_safetensors(arguments.out, conversion.file, Sync::kYes);
  return conversion.dropped;
}

}  // namespace

void add_convert_checkpoint_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("convert-checkpoint",
                                         "Write a weights file as safetensors, under the names of another source.");
  const auto arguments = std::make_shared<ConvertArguments>();
  command->add_option("in", arguments->in, "safetensors, .pth or TorchScript")->required();
  command->add_option("out", arguments->out, "the safetensors file to write")->required();
  command
      ->add_option("--dialect", arguments->dialect, "whose names; default: the official repository's or torchvision's")
      ->check(CLI::IsMember({"official", "timm", "torchvision"}));
  command->add_flag("--ema", arguments->ema, "the averaged weights of a training's file");
  command->add_flag("--force", arguments->force, "replace an existing file");
  command->add_flag("--json", arguments->json,
                    "print JSON: the written file as inspect-checkpoint does, and `dropped`");
  command->footer("Example: camsweep convert-checkpoint convnext_tiny_1k_224_ema.pth tiny.safetensors --dialect timm");
  command->callback([arguments] {
    const std::vector<std::string> dropped = convert(*arguments);
    Json written = checkpoint_json(arguments->out, WeightsChoice::kTrained);
    if (arguments->json) {
      written["dropped"] = dropped;
      fmt::print("{}\n", written.dump(2));
      return;
    }
    fmt::print(stderr, "wrote {}: {}, {} tensors\n", arguments->out, written["holds"].get<std::string>(),
               written["tensors"].size());
    if (!dropped.empty()) fmt::print(stderr, "dropped: {}\n", join(dropped));
  });
}

}  // namespace camsweep

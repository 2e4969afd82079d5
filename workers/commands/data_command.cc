#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "workers/commands/commands.h"
#include "workers/commands/count_line.h"
#include "workers/commands/data_commands.h"
#include "workers/data/compose.h"

namespace camsweep {
namespace {

void say(const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); }

// `options` count images per class.
template <typename Options>
void report(Written written, const Options& options) {
  if (written == Written::kAlreadyThere) {
    say(fmt::format("{} is complete: nothing to do", options.out.string()));
    return;
  }
  const auto all = [&](int per_class) { return int64_t{per_class} * options.classes; };
  say(fmt::format("wrote {}: {} of {}", options.out.string(),
                  split_sizes(all(options.train), all(options.val), all(options.test)),
                  counted(options.classes, "class", "classes")));
}

void add_compose_command(CLI::App& data) {
  CLI::App* command = data.add_subcommand(
      "compose", "Place cut-out photographs on photographs: a data set with exact boxes and masks.");
  const auto options = std::make_shared<ComposeOptions>();
  command->add_option("--cutouts", options->cutouts, "folder of PNG files with alpha; each file is one class")
      ->required();
  command->add_option("--backgrounds", options->backgrounds, "folder of photographs, searched in depth")->required();
  command->add_option("--out", options->out, "new folder")->required();
  command->add_option("--classes", options->classes, "number of classes: the first files by name")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--train", options->train, "training images per class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--val", options->val, "validation images per class")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command->add_option("--test", options->test, "test images per class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--side", options->side, "side of an image, px")
      ->check(CLI::Range(32, 2048))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "seed of places, sizes, angles and backgrounds")->capture_default_str();
  command->footer("Example: camsweep data compose --cutouts stamps/birds --backgrounds photographs --out data/birds");
  command->callback([options] {
    CountLine line("images");
    const Written written = compose(
        *options, [&line](size_t done, size_t of) { line.update(done, of); }, say);
    line.clear();
    report(written, *options);
  });
}

struct SynthArguments {
  std::filesystem::path out;
  int classes = 4;
  int train = 64;
  int val = 16;
  int test = 16;
  int side = 96;
  uint64_t seed = 0;
};

void add_synth_command(CLI::App& data) {
  CLI::App* command = data.add_subcommand("synth", "Write drawn shapes with exact boxes: a data set for tests.");
  const auto arguments = std::make_shared<SynthArguments>();
  command->add_option("--out", arguments->out, "new folder")->required();
  command->add_option("--classes", arguments->classes, "number of classes: shapes, then colours")
      ->check(CLI::Range(1, 30))
      ->capture_default_str();
  command->add_option("--train", arguments->train, "training images per class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--val", arguments->val, "validation images per class")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command->add_option("--test", arguments->test, "test images per class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--side", arguments->side, "side of an image, px")
      ->check(CLI::Range(16, 4096))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "seed of the drawings")->capture_default_str();
  command->footer("Example: camsweep data synth --out data/shapes --classes 4");
  command->callback([arguments] {
    const Json spec = {{"kind", "synth"},        {"classes", arguments->classes}, {"train", arguments->train},
                       {"val", arguments->val},  {"test", arguments->test},       {"side", arguments->side},
                       {"seed", arguments->seed}};
    CountLine line("images");
    const Written written =
        write_synth(spec, arguments->out, [&line](size_t done, size_t of) { line.update(done, of); });
    line.clear();
    report(written, *arguments);
  });
}

}  // namespace

void add_data_command(CLI::App& app, WorkerCommandLine& line) {
  CLI::App* data = app.add_subcommand("data", "Check a data set, make one, or look at what training sees of it.");
  data->require_subcommand(1);
  data->footer("Example: camsweep data check /data/CUB_200_2011");
  add_check_command(*data, line);
  add_compose_command(*data);
  add_synth_command(*data);
  add_preview_command(*data);
}

}  // namespace camsweep

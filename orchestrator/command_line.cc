#include "orchestrator/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "orchestrator/commands/commands.h"
#include "schemas/text.h"
#include "version.h"

namespace camsweep {
namespace {

struct WorkerCommand {
  const char* name;
  const char* help;
};

// What camsweep-worker offers, for the list of commands; each prints its own help.
constexpr std::array<WorkerCommand, 9> kWorkerCommands = {{
    {"forward", "Compute a network's feature map and logits for one image."},
    {"evaluate", "Score maps on disk: MaxBoxAcc, MaxBoxAccV2, PxAP."},
    {"localize", "Draw a model's score maps and boxes for pictures."},
    {"erf", "Measure a model's effective receptive field."},
    {"pca", "Measure how much of the feature maps one principal component explains."},
    {"activation", "Relate the activated area of feature maps to their class weight."},
    {"inspect-checkpoint", "Print what a weights file holds: network, classes, names, tensors."},
    {"convert-checkpoint", "Write a weights file as safetensors, under the names of another source."},
    {"data", "Check a data set, or make one."},
}};

// The program is the same for both kinds of commands: the argument vector stays as it is.
[[noreturn]] void become_worker(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  const std::filesystem::path worker = program.parent_path() / "camsweep-worker";
  std::vector<std::string> texts = {"camsweep"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  ::execv(worker.c_str(), pointers.data());
  throw environment_error("cannot start " + worker.string(), errno);
}

void add_sweep_commands(CLI::App& app, CommandLine& line) {
  // In the order of the README.
  add_plan_command(app, line);
  add_run_command(app, line);
  add_status_command(app, line);
  add_jobs_command(app, line);
  add_logs_command(app, line);
  add_retry_command(app, line);
  add_query_command(app, line);
  add_table_command(app, line);
  add_plot_command(app, line);
  add_report_command(app, line);
  add_export_command(app, line);
  add_verify_command(app, line);
  add_schema_command(app, line);
  add_backbones_command(app, line);
  add_recipes_command(app, line);
  add_checkpoints_command(app, line);
  for (CLI::App* command : app.get_subcommands({})) command->group("About sweeps");
}

void add_worker_commands(CLI::App& app) {
  for (const WorkerCommand& command : kWorkerCommands) {
    app.add_subcommand(command.name, command.help)->group("About one file or folder");
  }
}

bool is_worker_command(const std::string& word) {
  return std::any_of(kWorkerCommands.begin(), kWorkerCommands.end(),
                     [&](const WorkerCommand& command) { return word == command.name; });
}

// The first word that is no option: the command, if there is one.
std::optional<std::string> first_word(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with('-')) return arguments[i];
    if (arguments[i] == "--runs") ++i;
  }
  return std::nullopt;
}

void check_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::optional<std::string> word = first_word(arguments);
  if (!word) return;
  if (is_worker_command(*word)) {
    throw ConfigError(fmt::format("`{0}` reads no sweep: write it first, as in `camsweep {0} --help`", *word));
  }
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), *word) != known.end()) return;
  throw ConfigError(
      fmt::format("there is no command '{}'{} (`camsweep --help` lists all)", *word, did_you_mean(*word, known)));
}

}  // namespace

int run_command_line(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  if (!arguments.empty() && is_worker_command(arguments[0])) become_worker(program, arguments);
  CommandLine line{.program = program};
  CLI::App app("Run ablation grids on vision models: YAML in, tables and plots out.", "camsweep");
  app.set_version_flag("--version", fmt::format("camsweep {} ({})", kVersion, kCommit));
  app.add_option("--runs", line.runs, "folder that holds one folder per sweep")->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "`camsweep COMMAND --help` says more, with an example. Exit codes: 0 done, 1 some jobs failed, 2 bad input,\n"
      "3 environment, 4 locked, 5 schema version, 6 corruption found, 7 interrupted, 8 disk full, 70 bug.");
  add_sweep_commands(app, line);
  add_worker_commands(app);
  check_command(std::as_const(app), arguments);
  try {
    // CLI11 takes the words from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kBadInput);
  }
  return static_cast<int>(line.exit_code);
}

}  // namespace camsweep

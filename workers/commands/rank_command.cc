#include "workers/commands/rank_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "version.h"
#include "workers/gang/rank.h"
#include "workers/job_runner.h"

namespace camsweep {
namespace {

struct RankArguments {
  RankOptions rank;
  std::string build;  // the scheduler's commit
};

void run(const RankArguments& arguments) {
  if (!arguments.build.empty() && arguments.build != kCommit) {
    throw Error(ExitCode::kEnvironment, fmt::format("camsweep is of build {}, camsweep-worker of build {}: build both",
                                                    arguments.build, kCommit));
  }
  run_rank(arguments.rank, run_job);
}

}  // namespace

void add_rank_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("rank", "One rank of a gang: reads assignments, runs jobs.");
  command->group("");
  const auto arguments = std::make_shared<RankArguments>();
  command->add_option("--channel", arguments->rank.channel_fd, "file descriptor of the control channel")->required();
  command->add_option("--threads", arguments->rank.threads, "compute threads")->check(CLI::PositiveNumber);
  command->add_option("--build", arguments->build, "the scheduler's commit");
  command->add_option("--size", arguments->rank.size, "ranks the gang must have")->check(CLI::PositiveNumber);
  command->footer("Example: mpirun -n 2 camsweep-rank --cpus '0;1' --threads 1 --build 15d1e71 --lock gangs.lock");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace camsweep

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What camsweep-rank makes of its command line and environment, apart from doing it.
namespace camsweep {

constexpr int kChannelFd = 10;  // where the worker finds the real stdout

// The command line. Lists have one entry per rank of this host.
struct RankCommand {
  bool supervised = false;        // become `program` and nothing else
  std::vector<std::string> cpus;  // "0,1"
  std::vector<std::string> gpus;
  std::string threads = "1";
  std::string build;
  std::string lock;
  std::optional<std::string> size;
  std::vector<std::string> program;
};

// What one rank shall have before it becomes its program.
struct RankSettings {
  std::vector<int> cpus;  // empty: any
  std::map<std::string, std::string> environment;
  std::vector<std::string> program;  // with its arguments
};

// Throws ConfigError naming the word that is wrong.
RankCommand parse_rank_command(const std::vector<std::string>& words);

// Which rank of this host this is, as Open MPI, Slurm or a bare PMIx server say it; 0 where none does. `value_of` gives
// an environment variable or nullptr. Throws ConfigError for a value that is no number.
size_t local_rank(const std::function<const char*(const char*)>& value_of);

// `worker` is the program where the command names none. Throws ConfigError if a list has no entry for `rank`.
RankSettings rank_settings(const RankCommand& command, size_t rank, const std::string& worker);

}  // namespace camsweep

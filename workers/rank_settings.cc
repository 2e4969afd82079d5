#include "workers/rank_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "schemas/error.h"

namespace camsweep {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

int number(std::string_view text, std::string_view what) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    throw ConfigError(fmt::format("{}: found '{}', expected a whole number", what, text));
  }
  return value;
}

const std::string& entry(const std::vector<std::string>& list, size_t rank, std::string_view what) {
  if (rank < list.size()) return list[rank];
  throw ConfigError(fmt::format("{} has {} entries, none for local rank {}", what, list.size(), rank));
}

}  // namespace

RankCommand parse_rank_command(const std::vector<std::string>& words) {
  RankCommand command;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--") {
      command.program.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (name == "--supervised") {
      command.supervised = true;
      continue;
    }
    if (i + 1 == words.size()) throw ConfigError(name + ": needs a value, see --help");
    const std::string& value = words[++i];
    if (name == "--cpus") {
      command.cpus = split(value, ';');
    } else if (name == "--gpus") {
      command.gpus = split(value, ';');
    } else if (name == "--threads") {
      command.threads = std::to_string(number(value, name));
    } else if (name == "--build") {
      command.build = value;
    } else if (name == "--lock") {
      command.lock = value;
    } else if (name == "--size") {
      command.size = std::to_string(number(value, name));
    } else {
      throw ConfigError(name + ": unknown, see --help");
    }
  }
  return command;
}

size_t local_rank(const std::function<const char*(const char*)>& value_of) {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "PMIX_RANK"}) {
    if (const char* text = value_of(name)) return static_cast<size_t>(number(text, name));
  }
  return 0;
}

RankSettings rank_settings(const RankCommand& command, size_t rank, const std::string& worker) {
  RankSettings settings;
  if (!command.cpus.empty()) {
    for (const std::string& cpu : split(entry(command.cpus, rank, "--cpus"), ',')) {
      settings.cpus.push_back(number(cpu, "--cpus"));
    }
  }
  settings.environment = {{"OMP_NUM_THREADS", command.threads}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}};
  if (!command.gpus.empty()) {
    settings.environment["CUDA_VISIBLE_DEVICES"] = entry(command.gpus, rank, "--gpus");
  }
  settings.program = command.program;
  if (settings.program.empty()) settings.program.push_back(worker);
  const std::vector<std::string> own = {"rank", "--channel", std::to_string(kChannelFd), "--threads", command.threads};
  settings.program.insert(settings.program.begin() + 1, own.begin(), own.end());
  if (!command.build.empty()) settings.program.insert(settings.program.end(), {"--build", command.build});
  if (command.size) settings.program.insert(settings.program.end(), {"--size", *command.size});
  return settings;
}

}  // namespace camsweep

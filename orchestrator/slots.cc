#include "orchestrator/slots.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <regex>
#include <sstream>

#include "orchestrator/process.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

std::vector<std::string> visible_gpus() {
  std::vector<std::string> gpus;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::istringstream entries(visible);
    for (std::string entry; std::getline(entries, entry, ',') && entry != "-1";) gpus.push_back(entry);
    return gpus;
  }
  if (!find_program("nvidia-smi")) return {};
  const std::unique_ptr<FILE, int (*)(FILE*)> list(::popen("nvidia-smi -L 2>/dev/null", "re"), ::pclose);
  char line[512];
  while (list && std::fgets(line, sizeof line, list.get())) {
    if (std::string_view(line).starts_with("GPU ")) gpus.push_back(std::to_string(gpus.size()));
  }
  return gpus;
}

std::vector<Slot> read_hostfile(const std::filesystem::path& file, const Machine& machine) {
  if (!std::filesystem::is_regular_file(file)) throw ConfigError("there is no hostfile " + file.string());
  static const std::regex form(R"(\s*([\w.\-]+)(?:\s+slots\s*=\s*(\d{1,4}))?(?:\s+max[-_]slots\s*=\s*\d+)?\s*)");
  std::istringstream lines(read_file(file));
  std::vector<Slot> slots;
  std::map<std::string, int> per_host;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.erase(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::smatch parts;
    if (!std::regex_match(line, parts, form)) {
      throw ConfigError(fmt::format("{}:{}: found '{}', expected 'host slots=N'", file.string(), number, line));
    }
    const int count = parts[2].matched ? std::stoi(parts[2]) : 1;
    int& local = per_host[parts[1]];  // a host may stand on several lines
    for (const int end = local + count; local < end; ++local) {
      Slot slot{.host = parts[1], .cpus = {}, .gpu = {}};
      if (local < static_cast<int>(machine.gpus.size())) slot.gpu = std::to_string(local);
      slots.push_back(std::move(slot));
    }
  }
  return slots;
}

int most_on_one_host(const std::vector<Slot>& slots) {
  std::map<std::string, int> per_host;
  int most = 1;
  for (const Slot& slot : slots) most = std::max(most, ++per_host[slot.host]);
  return most;
}

std::vector<Slot> local_slots(int count, const Machine& machine) {
  std::vector<Slot> slots(static_cast<size_t>(count));
  const int cores = static_cast<int>(machine.cpus.size());
  for (int number = 0; number < count; ++number) {
    Slot& slot = slots[static_cast<size_t>(number)];
    if (!machine.gpus.empty()) slot.gpu = machine.gpus[static_cast<size_t>(number) % machine.gpus.size()];
    if (count > cores) continue;
    const auto first = machine.cpus.begin() + number * (cores / count);
    slot.cpus.assign(first, first + cores / count);
  }
  return slots;
}

const Slot& slot_of(const SlotPlan& plan, int number) { return plan.slots.at(static_cast<size_t>(number)); }

// The slots of each host, hosts in the order of their first slot: that one has rank 0.
std::vector<std::vector<int>> by_host(const SlotPlan& plan, const std::vector<int>& slots) {
  std::vector<std::vector<int>> hosts;
  for (const int slot : slots) {
    const auto same = std::find_if(hosts.begin(), hosts.end(), [&](const std::vector<int>& there) {
      return slot_of(plan, there.front()).host == slot_of(plan, slot).host;
    });
    if (same == hosts.end()) {
      hosts.push_back({slot});
    } else {
      same->push_back(slot);
    }
  }
  return hosts;
}

// By local rank: --cpus '0,1;2,3' and --gpus '0;1'.
std::vector<std::string> device_arguments(const SlotPlan& plan, const std::vector<int>& slots) {
  std::vector<std::string> cpus;
  std::vector<std::string> gpus;
  for (const int number : slots) {
    const Slot& slot = slot_of(plan, number);
    if (!slot.cpus.empty()) cpus.push_back(fmt::format("{}", fmt::join(slot.cpus, ",")));
    if (slot.gpu) gpus.push_back(*slot.gpu);
  }
  std::vector<std::string> arguments;
  if (!cpus.empty()) arguments.insert(arguments.end(), {"--cpus", fmt::format("{}", fmt::join(cpus, ";"))});
  if (!gpus.empty()) arguments.insert(arguments.end(), {"--gpus", fmt::format("{}", fmt::join(gpus, ";"))});
  return arguments;
}

}  // namespace

Machine this_machine() {
  Machine machine{.cpus = {}, .gpus = visible_gpus()};
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &mask)) machine.cpus.push_back(cpu);
    }
  }
  return machine;
}

SlotPlan plan_slots(const SlotOptions& options, const Machine& machine) {
  const int default_count = machine.gpus.empty() ? std::max(options.largest_gang, options.failed_gang)
                                                 : static_cast<int>(machine.gpus.size());
  SlotPlan plan;
  plan.slots = options.hostfile ? read_hostfile(*options.hostfile, machine)
                                : local_slots(options.count.value_or(default_count), machine);
  if (options.hostfile && options.count && *options.count < static_cast<int>(plan.slots.size())) {
    plan.slots.resize(static_cast<size_t>(*options.count));
  }
  if (options.largest_gang > static_cast<int>(plan.slots.size())) {
    throw ConfigError(fmt::format("a gang of {} needs as many slots, there {} {}: raise --slots or lower `gang`",
                                  options.largest_gang, plan.slots.size() == 1 ? "is" : "are", plan.slots.size()));
  }
  plan.threads = std::max(1, static_cast<int>(machine.cpus.size()) / most_on_one_host(plan.slots));
  return plan;
}

std::vector<std::string> gang_arguments(const SlotPlan& plan, const std::vector<int>& slots,
                                        const std::string& rank_program, const std::vector<std::string>& more) {
  std::vector<std::string> arguments;
  const auto add = [&](const std::vector<std::string>& words) {
    arguments.insert(arguments.end(), words.begin(), words.end());
  };
  for (const std::vector<int>& there : by_host(plan, slots)) {
    const std::string& host = slot_of(plan, there.front()).host;
    if (!arguments.empty()) add({":"});
    add({"-n", std::to_string(there.size())});
    if (!host.empty()) add({"--host", fmt::format("{}:{}", host, there.size())});
    add({rank_program, "--size", std::to_string(slots.size()), "--threads", std::to_string(plan.threads)});
    add(device_arguments(plan, there));
    add(more);
  }
  return arguments;
}

}  // namespace camsweep

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace camsweep {

// One device a rank can use: one GPU, or one share of the CPU cores.
struct Slot {
  std::string host;                // "" = this machine
  std::vector<int> cpus;           // cores of its own; empty = the rank is not pinned
  std::optional<std::string> gpu;  // as CUDA_VISIBLE_DEVICES names it on its host
};

struct SlotPlan {
  std::vector<Slot> slots;
  int threads = 1;  // compute threads per rank
};

// What this process may use of the machine.
struct Machine {
  std::vector<int> cpus;          // its affinity mask
  std::vector<std::string> gpus;  // the entries of CUDA_VISIBLE_DEVICES, or the indices `nvidia-smi -L` lists
};
Machine this_machine();

struct SlotOptions {
  std::optional<int> count;                       // --slots
  std::optional<std::filesystem::path> hostfile;  // --hostfile: lines "host slots=N"
  int largest_gang = 1;                           // of the jobs that will run
  int failed_gang = 1;  // the largest of those that failed or are blocked: a retry may bring them back in mid-run
};

// Slots, in this order: from the hostfile; as many as asked for; one per GPU; on a CPU the largest gang that may
// come to run. Cores are shared evenly; with more slots than cores nobody is pinned. Throws ConfigError: a
// hostfile it cannot read, a gang larger than the slots.
SlotPlan plan_slots(const SlotOptions& options, const Machine& machine);

// The part of mpirun's command line that says what runs where: "-n 2 --host a:2 PROGRAM --size 3 --gpus '0;1'" and so
// on for each host of these slots, with ":" between, and no --host on this machine. Each host has a part of its own
// because camsweep-rank finds its entry by its number on its host, and the slots of two hosts may differ.
std::vector<std::string> gang_arguments(const SlotPlan& plan, const std::vector<int>& slots,
                                        const std::string& rank_program, const std::vector<std::string>& more);

}  // namespace camsweep

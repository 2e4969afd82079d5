#include "schemas/instruction_set.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "schemas/error.h"

namespace camsweep {

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets = {InstructionSet::kGeneric};
#ifdef CAMSWEEP_X86_KERNELS
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("lzcnt");
  if (has_avx2) sets.push_back(InstructionSet::kAvx2);
  if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    sets.push_back(InstructionSet::kAvx512);
  }
#endif
  return sets;
}

std::string_view to_string(InstructionSet set) {
  switch (set) {
    case InstructionSet::kGeneric:
      return "generic";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
  }
  CAMSWEEP_CHECK(false, "a set has a name");
}

InstructionSet instruction_set(std::string_view name) {
  std::string names;
  for (const InstructionSet set : instruction_sets()) {
    if (name == to_string(set)) return set;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(set));
  }
  throw ConfigError(fmt::format("CAMSWEEP_ISA is '{}'; this processor has: {}", name, names));
}

InstructionSet chosen_instruction_set() {
  static const InstructionSet chosen = [] {
    const char* name = std::getenv("CAMSWEEP_ISA");
    return name ? instruction_set(name) : instruction_sets().back();
  }();
  return chosen;
}

}  // namespace camsweep

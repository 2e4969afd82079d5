#pragma once

#include <string_view>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define CAMSWEEP_X86_KERNELS
#endif

namespace camsweep {

// What hand-written kernels exist for. All sets are compiled in; which one runs is chosen once, in each process.
enum class InstructionSet { kGeneric, kAvx2, kAvx512 };

// What this processor and this build have, the plainest first. AVX-512 means F, BW and VL, AVX2 FMA as well.
std::vector<InstructionSet> instruction_sets();
std::string_view to_string(InstructionSet set);

// As CAMSWEEP_ISA names them: generic, avx2 or avx512. Throws ConfigError for another name, and for a set that is not
// there.
InstructionSet instruction_set(std::string_view name);

// The last of instruction_sets(), or the one that the environment variable CAMSWEEP_ISA names. Throws as
// instruction_set() does.
InstructionSet chosen_instruction_set();

}  // namespace camsweep

#pragma once

#include <cstdint>

#include "schemas/messages.h"

namespace camsweep {

// Host, pid and start time of this process. Throws Error (kEnvironment).
RankProcess this_process();

// The most memory this process held since reset_peak_memory() (VmHWM), in bytes; 0 where the kernel does not say.
int64_t peak_memory_bytes();
void reset_peak_memory();

}  // namespace camsweep

#pragma once

#include <memory_resource>
#include <vector>

#include "workers/localization/byte_kernels.h"

namespace camsweep {

// What the parts of one level sweep share. Their memory is taken from an arena that is dropped as a whole when the
// sweep ends: a sweep is too short to ask the system for pages.
struct SweepWorkspace {
  const ByteKernels& kernels;
  std::pmr::memory_resource* arena;
};

template <typename Value>
using ArenaVector = std::pmr::vector<Value>;

}  // namespace camsweep

#pragma once

#include <cstddef>
#include <functional>

namespace camsweep {

// Calls work(0) ... work(count - 1), each once, on up to `threads` threads in any order; returns when all are done.
// The first exception by index is thrown on, after the others have ended.
void parallel_for(size_t count, int threads, const std::function<void(size_t)>& work);

}  // namespace camsweep

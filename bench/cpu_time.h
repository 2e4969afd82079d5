#pragma once

#include <ctime>

namespace camsweep {

// What `work` takes of this thread's CPU time, so that other work on the machine counts little.
template <typename Work>
double cpu_time_ms(const Work& work) {
  const auto now_ms = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
  };
  const double start_ms = now_ms();
  work();
  return now_ms() - start_ms;
}

}  // namespace camsweep

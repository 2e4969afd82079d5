#include "workers/localization/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace camsweep {

void parallel_for(size_t count, int threads, const std::function<void(size_t)>& work) {
  std::vector<std::exception_ptr> errors(count);
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (size_t i = 1; i < std::min(count, static_cast<size_t>(std::max(1, threads))); ++i) pool.emplace_back(run);
    run();
  }
  const auto first = std::find_if(errors.begin(), errors.end(), [](const auto& error) { return error != nullptr; });
  if (first != errors.end()) std::rethrow_exception(*first);
}

}  // namespace camsweep

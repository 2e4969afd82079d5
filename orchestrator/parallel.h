#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace camsweep {

// Calls work(begin, end) on blocks of [0, count), on as many threads as there are cores; small counts stay on this one.
// Throws what the first failing block threw.
template <class Work>
void in_parallel(size_t count, const Work& work) {
  constexpr size_t kWorthAThread = 1000;
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  const size_t blocks = std::clamp<size_t>(count / kWorthAThread, 1, cores);
  std::vector<std::exception_ptr> failures(blocks);
  const auto run = [&](size_t block) {
    try {
      work(count * block / blocks, count * (block + 1) / blocks);
    } catch (...) {
      failures[block] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t block = 1; block < blocks; ++block) threads.emplace_back(run, block);
    run(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace camsweep

#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace camsweep {

// Tells a waiting person on stderr how much is done, "12 of 40 images": on a terminal one line that is rewritten,
// elsewhere a line every 30 s.
class CountLine {
 public:
  explicit CountLine(std::string unit);
  // Removes the line when all is done.
  void update(size_t done, size_t of);
  // Removes the line from a terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string unit_;
  bool terminal_;
  Clock::duration interval_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace camsweep

#pragma once

#include <chrono>

namespace camsweep {

// The time source of the run loop; tests put a simulated one in its place.
class Clock {
 public:
  virtual ~Clock() = default;
  // Seconds from an arbitrary start. Never goes back, whatever happens to the wall clock.
  virtual double now_s() const = 0;
};

class SteadyClock : public Clock {
 public:
  double now_s() const override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

}  // namespace camsweep

#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace camsweep {

// What a stream of random numbers is for: two purposes never share one.
enum class Purpose : uint64_t {
  kOrder = 1,
  kAugmentation = 2,
  kCompose = 3,
  kSynth = 4,
  kRandomMap = 5,
  kSignals = 6,
  kMixing = 7,
  kMethod = 8
};

// SplitMix64 (Steele, Lea and Flood 2014): a stream that starts from a hash of (seed, purpose, epoch, index), so that
// what it yields depends on nothing else.
class Random {
 public:
  Random(uint64_t seed, Purpose purpose, uint64_t epoch, uint64_t index) {
    for (const uint64_t part : {seed, static_cast<uint64_t>(purpose), epoch, index})
      state_ = mix(state_ ^ mix(part + kStep));
  }

  uint64_t next() { return mix(state_ += kStep); }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // In [low, high], without bias.
  int64_t integer(int64_t low, int64_t high) {
    const uint64_t span = static_cast<uint64_t>(high - low) + 1;
    const uint64_t limit = span == 0 ? 0 : -span % span;  // 2^64 mod span values are thrown away
    uint64_t value = next();
    while (value < limit) value = next();
    return low + static_cast<int64_t>(span == 0 ? value : value % span);
  }
  // N(0, 1), by Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  // Gamma(shape, 1), by Marsaglia and Tsang 2000; a shape below 1 by their section 6.
  double gamma(double shape) {
    if (shape < 1) return gamma(shape + 1) * std::pow(1 - uniform(), 1 / shape);
    const double d = shape - 1.0 / 3;
    while (true) {
      const double x = normal();
      const double root = 1 + x / std::sqrt(9 * d);
      const double v = root * root * root;
      if (v > 0 && std::log(1 - uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
    }
  }
  double beta(double a, double b) {
    const double x = gamma(a);
    return x / (x + gamma(b));
  }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t state_ = 0;
};

}  // namespace camsweep

#include "workers/commands/count_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace camsweep {

CountLine::CountLine(std::string unit)
    : unit_(std::move(unit)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      interval_(terminal_ ? Clock::duration(std::chrono::milliseconds(200)) : std::chrono::seconds(30)),
      next_(Clock::now() + interval_) {}

void CountLine::update(size_t done, size_t of) {
  if (done == of) return clear();
  if (Clock::now() < next_) return;
  next_ = Clock::now() + interval_;
  shown_ = terminal_;
  fmt::print(stderr, "{}{} of {} {}{}", terminal_ ? "\r" : "", done, of, unit_, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

void CountLine::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace camsweep

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "workers/commands/commands.h"

namespace camsweep {

// `camsweep data check`.
void add_check_command(CLI::App& data, WorkerCommandLine& line);

// "1 class", "20 classes".
std::string counted(int64_t count, std::string_view one, std::string_view more);

// "80 train, 0 val, 40 test images".
std::string split_sizes(int64_t train, int64_t val, int64_t test);

// Tells a waiting person on stderr how many images are done: on a terminal one line that is rewritten, elsewhere a line
// every 30 s.
class ImageProgressLine {
 public:
  ImageProgressLine();
  void update(size_t done, size_t of);
  // Removes the line from a terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  Clock::duration interval_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace camsweep

#pragma once

#include <cstdio>
#include <string>

#include "orchestrator/scheduler.h"

namespace camsweep {

// "12 of 40 done, 2 running, 1 failed, 245 images/s, 3 min 10 s left".
std::string progress_text(const RunStatus& status);

// Tells a waiting person how the run goes: on a terminal one line that is rewritten, elsewhere a line every 30 s.
class ProgressLine {
 public:
  enum class Style { kPlain, kTerminal, kColour };

  // What fits `stream`: a terminal or not; colour unless NO_COLOR is set or TERM is dumb.
  static Style style_of(std::FILE* stream);

  ProgressLine(std::FILE* stream, Style style) : stream_(stream), style_(style) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(const RunStatus& status, double now_s);
  // A line that stays, e.g. that a job failed.
  void say(const std::string& sentence);

 private:
  void clear();

  std::FILE* stream_;
  Style style_;
  std::string shown_;
  double next_s_ = 0;
};

}  // namespace camsweep

#include "orchestrator/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "results/remaining_time.h"

namespace camsweep {
namespace {

constexpr double kTerminalEvery_s = 0.2;
constexpr double kPlainEvery_s = 30;

size_t width_of(std::FILE* stream) {
  winsize size{};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string progress_text(const RunStatus& status) {
  const JobCounts& jobs = status.jobs;
  std::string text = fmt::format("{} of {} done, {} running", jobs.done, jobs.total, jobs.running);
  if (jobs.failed > 0) text += fmt::format(", {} failed", jobs.failed);
  if (jobs.blocked > 0) text += fmt::format(", {} blocked", jobs.blocked);
  if (status.images_per_s > 0) text += fmt::format(", {:.0f} images/s", status.images_per_s);
  if (jobs.running + jobs.waiting > 0) text += ", " + remaining_text(status.eta);
  return text;
}

ProgressLine::Style ProgressLine::style_of(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal && std::string_view(terminal) == "dumb";
  if (!::isatty(::fileno(stream)) || dumb) return Style::kPlain;
  const char* no_color = std::getenv("NO_COLOR");
  return no_color && *no_color ? Style::kTerminal : Style::kColour;
}

void ProgressLine::update(const RunStatus& status, double now_s) {
  if (now_s < next_s_) return;
  next_s_ = now_s + (style_ == Style::kPlain ? kPlainEvery_s : kTerminalEvery_s);
  std::string text = progress_text(status);
  if (style_ == Style::kPlain) {
    fmt::print(stream_, "{}\n", text);
    std::fflush(stream_);
    return;
  }
  text.resize(std::min(text.size(), width_of(stream_) - 1));  // a wrapped line could not be rewritten
  if (text == shown_) return;
  const bool alarm = style_ == Style::kColour && status.jobs.failed > 0;
  fmt::print(stream_, "\r\033[K{}{}{}", alarm ? "\033[33m" : "", text, alarm ? "\033[0m" : "");
  std::fflush(stream_);
  shown_ = text;
}

void ProgressLine::say(const std::string& sentence) {
  clear();
  fmt::print(stream_, "{}\n", sentence);
  std::fflush(stream_);
  next_s_ = style_ == Style::kPlain ? next_s_ : 0;
}

void ProgressLine::clear() {
  if (shown_.empty()) return;
  fmt::print(stream_, "\r\033[K");
  std::fflush(stream_);
  shown_.clear();
}

}  // namespace camsweep

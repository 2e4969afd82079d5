#include "orchestrator/progress_line.h"

#include <gtest/gtest.h>

#include <memory>

namespace camsweep {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string text_of(const File& file) {
  std::string text(4096, '\0');
  std::rewind(file.get());
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

RunStatus some_status() {
  RunStatus status;
  status.jobs = {.total = 40, .done = 12, .running = 2, .failed = 1, .blocked = 3, .waiting = 22};
  status.images_per_s = 245.4;
  status.eta = RemainingTime{190, false};
  return status;
}

TEST(ProgressLineTest, SaysWhatAWaitingPersonWantsToKnow) {
  EXPECT_EQ(progress_text(some_status()),
            "12 of 40 done, 2 running, 1 failed, 3 blocked, 245 images/s, 3 min 10 s left");
}

TEST(ProgressLineTest, WhileJobsRunTheTimeLeftIsUnknownOrMoreThanNothing) {
  RunStatus status = some_status();
  status.eta = RemainingTime{0.01, false};
  EXPECT_TRUE(progress_text(status).ends_with(", 1.0 s left")) << progress_text(status);

  status.eta.reset();
  EXPECT_TRUE(progress_text(status).ends_with(", time left unknown")) << progress_text(status);

  status.jobs = {.total = 2, .done = 2, .running = 0, .failed = 0, .blocked = 0, .waiting = 0};
  EXPECT_EQ(progress_text(status), "2 of 2 done, 0 running, 245 images/s");
}

TEST(ProgressLineTest, WithoutATerminalALineComesEvery30Seconds) {
  const File file(std::tmpfile());
  ProgressLine progress(file.get(), ProgressLine::Style::kPlain);

  for (double now_s = 0; now_s < 61; now_s += 1) progress.update(some_status(), now_s);

  const std::string text = text_of(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.find('\033'), std::string::npos);
}

TEST(ProgressLineTest, OnATerminalOneLineIsRewrittenAndColourIsAChoice) {
  const File plain(std::tmpfile());
  const File colour(std::tmpfile());
  {
    ProgressLine first(plain.get(), ProgressLine::Style::kTerminal);
    ProgressLine second(colour.get(), ProgressLine::Style::kColour);
    first.update(some_status(), 0);
    second.update(some_status(), 0);
  }

  EXPECT_EQ(text_of(plain).find('\n'), std::string::npos);
  EXPECT_TRUE(text_of(plain).ends_with("\r\033[K")) << "the line stays behind";
  EXPECT_EQ(text_of(plain).find("\033[33m"), std::string::npos);
  EXPECT_NE(text_of(colour).find("\033[33m"), std::string::npos);
}

TEST(ProgressLineTest, AFileIsNoTerminal) {
  const File file(std::tmpfile());

  EXPECT_EQ(ProgressLine::style_of(file.get()), ProgressLine::Style::kPlain);
}

}  // namespace
}  // namespace camsweep

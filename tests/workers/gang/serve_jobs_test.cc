#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/gang/pipe.h"
#include "workers/gang/line_channel.h"
#include "workers/gang/rank.h"

namespace camsweep {
namespace {

// A gang of one in this process: the test is its scheduler.
class ServeJobsTest : public testing::Test {
 protected:
  ServeJobsTest() : folder_(std::filesystem::path(testing::TempDir()) / ("serve" + std::to_string(::getpid()))) {
    make_directories(folder_);
  }
  ~ServeJobsTest() override { std::filesystem::remove_all(folder_); }

  Assignment job(int attempt) const {
    return {
        .job = {std::string(64, 'b')}, .attempt = attempt, .directory = folder_, .stage = Stage::kErf, .inputs = {}};
  }
  void send(const ToGang& message) { down_.write(encode(message) + '\n'); }
  // Serves what was sent until the input ends; returns what came up.
  std::vector<FromGang> serve(const JobRunner& run, std::chrono::milliseconds beat = std::chrono::hours(1)) {
    down_.close_write_end();
    const auto alone = make_single_collective();
    serve_jobs(*alone, c10::kCPU,
               {.input_fd = down_.read_end(), .channel_fd = up_.write_end(), .size = 1, .beat = beat}, run);
    up_.close_write_end();
    std::vector<FromGang> messages;
    while (const auto line = answers_.next()) messages.push_back(decode_from_gang(*line));
    return messages;
  }

  std::filesystem::path folder_;
  Pipe down_;
  Pipe up_;
  LineReader answers_{up_.read_end(), kMaxMessageBytes};
};

TEST_F(ServeJobsTest, AnswersReadyThenOneOutcomePerAssignmentInOrder) {
  send(job(1));
  send(job(2));

  const auto messages = serve([](JobContext& context) {
    JobSuccess success;
    success.metrics = {{.name = "a.b", .epoch = std::nullopt, .value = double(context.assignment.attempt)}};
    return success;
  });

  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(std::get<Ready>(messages[0]).ranks.at(0).pid, ::getpid());
  for (int attempt : {1, 2}) {
    const auto& outcome = std::get<Outcome>(messages[static_cast<size_t>(attempt)]);
    EXPECT_EQ(outcome.attempt, attempt);
    EXPECT_EQ(std::get<JobSuccess>(outcome.end).metrics.at(0).value, attempt);
  }
}

TEST_F(ServeJobsTest, SendsMetricsAndCheckpointsBeforeTheOutcome) {
  send(job(4));

  const auto messages = serve([](JobContext& context) {
    context.reporter.metric({.name = "train.loss", .epoch = 3, .value = 0.5});
    context.reporter.checkpoint("state-7.safetensors", 7);
    return JobSuccess{};
  });

  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(std::get<LiveMetric>(messages[1]).metric.epoch, 3);
  EXPECT_EQ(std::get<CheckpointWritten>(messages[2]).step, 7);
  EXPECT_TRUE(std::holds_alternative<Outcome>(messages[3]));
}

TEST_F(ServeJobsTest, AnExceptionInAGangOfOneIsAFailureAndTheNextJobRuns) {
  send(job(1));
  send(job(2));

  const auto messages = serve([](JobContext& context) -> JobEnd {
    if (context.assignment.attempt == 1) throw ConfigError("the data set has no images");
    return JobSuccess{};
  });

  ASSERT_EQ(messages.size(), 3u);
  const auto failure = std::get<JobFailure>(std::get<Outcome>(messages[1]).end);
  EXPECT_EQ(failure.kind, "data");
  EXPECT_FALSE(failure.retryable);
  EXPECT_EQ(failure.text, "the data set has no images");
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(std::get<Outcome>(messages[2]).end));
  EXPECT_NE(read_file(folder_ / "rank0.log").find("the data set has no images"), std::string::npos);
}

TEST_F(ServeJobsTest, AnOutcomeLongerThanAMessageIsAFailureThatSaysSo) {
  send(job(1));

  const auto messages = serve([](JobContext&) {
    JobSuccess success;
    success.environment["text"] = std::string(kMaxMessageBytes, 'x');
    return success;
  });

  const auto failure = std::get<JobFailure>(std::get<Outcome>(messages.at(1)).end);
  EXPECT_FALSE(failure.retryable);
  EXPECT_NE(failure.text.find("artifacts"), std::string::npos);
}

TEST_F(ServeJobsTest, ALineThatIsNoMessageEndsTheGang) {
  down_.write("good morning\n");
  send(job(1));

  const auto messages = serve([](JobContext&) { return JobSuccess{}; });

  EXPECT_EQ(messages.size(), 1u) << "ready and nothing else";
}

TEST_F(ServeJobsTest, TheEndOfInputTellsARunningJobToStopNow) {
  send(job(1));

  const auto messages = serve([](JobContext& context) -> JobEnd {
    while (context.stop.load() != StopRequest::kNow) std::this_thread::yield();
    return JobStopped{};
  });

  EXPECT_TRUE(std::holds_alternative<JobStopped>(std::get<Outcome>(messages.at(1)).end));
}

TEST_F(ServeJobsTest, TheHeartBeatsWhileAJobRunsAndTellsItsNumbers) {
  send(job(1));

  const auto messages = serve(
      [this](JobContext& context) {
        context.reporter.progress(2, 30, 100, 12.5);
        answers_.next();  // ready
        answers_.next();  // a beat, or the test hangs
        return JobSuccess{};
      },
      std::chrono::milliseconds(1));

  EXPECT_TRUE(std::holds_alternative<Outcome>(messages.back())) << "no beat after the outcome";
  for (const FromGang& message : messages) {
    if (const auto* beat = std::get_if<Progress>(&message)) {
      EXPECT_EQ(beat->step, 30);
      EXPECT_EQ(beat->rate, 12.5);
    }
  }
}

}  // namespace
}  // namespace camsweep

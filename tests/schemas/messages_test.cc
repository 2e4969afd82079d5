#include "schemas/messages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace camsweep {
namespace {

const JobId kJob{"5ca1ab1e"};

Assignment an_assignment() {
  return {.job = kJob,
          .attempt = 2,
          .directory = "/runs/birds/jobs/5ca1ab1e/attempts/2",
          .stage = Stage::kLocalize,
          .parameters = {{"backbone", "resnet50"}, {"seed", 0}},
          .dataset = {{"kind", "synth"}},
          .inputs = {{"weights", {.path = "/runs/w.safetensors", .sha256 = "ab12"}}}};
}

template <class Body>
Body sent_up(const Body& body) {
  return std::get<Body>(decode_from_gang(encode(FromGang{body})));
}

TEST(MessagesTest, AnAssignmentArrivesAsItWasSent) {
  const std::string line = encode(ToGang{an_assignment()});

  const auto arrived = std::get<Assignment>(decode_to_gang(line));

  EXPECT_EQ(arrived.job, kJob);
  EXPECT_EQ(arrived.attempt, 2);
  EXPECT_EQ(arrived.directory, an_assignment().directory);
  EXPECT_EQ(arrived.stage, Stage::kLocalize);
  EXPECT_EQ(arrived.parameters, an_assignment().parameters);
  EXPECT_EQ(arrived.dataset, an_assignment().dataset);
  EXPECT_EQ(arrived.inputs.at("weights").path, "/runs/w.safetensors");
  EXPECT_EQ(arrived.inputs.at("weights").sha256, "ab12");
}

TEST(MessagesTest, StopExitAndAckArriveAsTheyWereSent) {
  EXPECT_FALSE(std::get<Stop>(decode_to_gang(encode(ToGang{Stop{.now = false}}))).now);
  EXPECT_TRUE(std::get<Stop>(decode_to_gang(encode(ToGang{Stop{.now = true}}))).now);
  EXPECT_TRUE(std::holds_alternative<Exit>(decode_to_gang(encode(ToGang{Exit{}}))));
  EXPECT_EQ(std::get<Ack>(decode_to_gang(encode(ToGang{Ack{.job = kJob, .attempt = 4}}))).attempt, 4);
}

TEST(MessagesTest, ReadyNamesEveryRank) {
  const Ready arrived =
      sent_up(Ready{.build = "c0ffee", .ranks = {{.host = "a", .pid = 7, .start_time = 123456789012}}});

  EXPECT_EQ(arrived.protocol, kProtocolVersion);
  EXPECT_EQ(arrived.build, "c0ffee");
  ASSERT_EQ(arrived.ranks.size(), 1U);
  EXPECT_EQ(arrived.ranks[0].host, "a");
  EXPECT_EQ(arrived.ranks[0].pid, 7);
  EXPECT_EQ(arrived.ranks[0].start_time, 123456789012);
}

TEST(MessagesTest, ProgressAndCheckpointsKeepTheirNumbers) {
  const Progress progress =
      sent_up(Progress{.job = kJob, .attempt = 3, .epoch = 2, .step = 40, .of = 100, .rate = 12.5});
  const CheckpointWritten checkpoint =
      sent_up(CheckpointWritten{.job = kJob, .attempt = 3, .path = "state-40.safetensors", .step = 40});

  EXPECT_EQ(progress.attempt, 3);
  EXPECT_EQ(progress.epoch, 2);
  EXPECT_EQ(progress.step, 40);
  EXPECT_EQ(progress.of, 100);
  EXPECT_DOUBLE_EQ(progress.rate, 12.5);
  EXPECT_EQ(checkpoint.path, "state-40.safetensors");
}

TEST(MessagesTest, NotANumberTravelsAsNull) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const LiveMetric live{.job = kJob, .attempt = 1, .metric = {"train.loss", 3, nan}};

  EXPECT_NE(encode(FromGang{live}).find("null"), std::string::npos);
  EXPECT_TRUE(std::isnan(sent_up(live).metric.value));
  EXPECT_EQ(sent_up(live).metric.epoch, 3);
}

TEST(MessagesTest, TheThreeEndsOfAnAttemptAreToldApart) {
  const Outcome failed =
      sent_up(Outcome{.job = kJob, .attempt = 1, .end = JobFailure{"data", false, "bird.jpg: truncated file"}});
  const Outcome stopped = sent_up(Outcome{.job = kJob, .attempt = 1, .end = JobStopped{}});
  JobSuccess success;
  success.metrics = {{"val.top1", std::nullopt, 61.5}};
  const Outcome succeeded = sent_up(Outcome{.job = kJob, .attempt = 1, .end = success});

  EXPECT_EQ(std::get<JobFailure>(failed.end).kind, "data");
  EXPECT_FALSE(std::get<JobFailure>(failed.end).retryable);
  EXPECT_EQ(std::get<JobFailure>(failed.end).text, "bird.jpg: truncated file");
  EXPECT_TRUE(std::holds_alternative<JobStopped>(stopped.end));
  EXPECT_DOUBLE_EQ(std::get<JobSuccess>(succeeded.end).metrics.at(0).value, 61.5);
}

TEST(MessagesTest, AMessageIsOneLineWhateverItsText) {
  const Outcome outcome{.job = kJob, .attempt = 1, .end = JobFailure{"worker", true, "first\nsecond \xff third"}};

  const std::string line = encode(FromGang{outcome});

  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto arrived = std::get<Outcome>(decode_from_gang(line));
  EXPECT_EQ(std::get<JobFailure>(arrived.end).text, "first\nsecond \xEF\xBF\xBD third");
}

TEST(MessagesTest, ALineThatIsNoMessageIsRefusedWithAReason) {
  for (const char* line :
       {"", "hello", "[]", "{}", R"({"type": "song"})", R"({"type": "ready"})",
        R"({"type": "progress", "job": "a", "attempt": "x"})", R"({"type": "outcome", "job": "a", "attempt": 1})"}) {
    EXPECT_THROW(decode_from_gang(line), std::invalid_argument) << line;
  }
  EXPECT_THROW(decode_to_gang(R"({"type": "stop", "mode": "later"})"), std::invalid_argument);
}

}  // namespace
}  // namespace camsweep

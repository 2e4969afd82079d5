#include <gtest/gtest.h>

#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

const GangId kFirst{1};

TEST(SchedulerRetryTest, RetryGivesAFailedJobAndWhatItBlockedTheirAttemptsBack) {
  const std::unordered_map<JobId, JobRecord> records = {{{"a"}, {JobState::kFailed, 3, 3}},
                                                        {{"map"}, {JobState::kBlocked, 0, 0}}};
  Drive drive({a_job("a"), a_job("map", 1, {"a"}), a_job("b")}, some_slots(1), records);
  const Assign b = drive.first_work();

  const auto retried = drive.give(RetryRequested{{{"a"}}});
  const auto next = only<Assign>(drive.ends(b, JobSuccess{}));

  EXPECT_EQ(b.job.hex, "b");
  ASSERT_EQ(only<RecordReset>(retried).size(), 2U);
  EXPECT_EQ(only<RecordReset>(retried)[1].job.hex, "map");
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].job.hex, "a");
  EXPECT_EQ(next[0].attempt, 4);
}

TEST(SchedulerRetryTest, ARetryLeavesAJobFailedThatIsTooLargeForTheSlotsAndSaysSo) {
  const std::unordered_map<JobId, JobRecord> records = {{{"large"}, {JobState::kFailed, 3, 3}},
                                                        {{"map"}, {JobState::kBlocked, 0, 0}},
                                                        {{"small"}, {JobState::kFailed, 3, 3}}};
  Drive drive({a_job("large", 4), a_job("map", 1, {"large"}), a_job("small"), a_job("b")}, some_slots(2), records);
  drive.start();

  const auto retried = drive.give(RetryRequested{});
  const auto by_name = drive.give(RetryRequested{{{"map"}}});

  ASSERT_EQ(only<RecordReset>(retried).size(), 1U);
  EXPECT_EQ(only<RecordReset>(retried)[0].job.hex, "small");
  ASSERT_EQ(only<Note>(retried).size(), 1U);
  EXPECT_EQ(only<Note>(retried)[0].text, "job large stays failed: a gang of 4 needs as many slots, this run has 2");
  EXPECT_TRUE(only<Note>(retried)[0].aloud);
  EXPECT_TRUE(only<RecordReset>(by_name).empty());
  EXPECT_EQ(only<Note>(by_name).at(0).text,
            "job map stays blocked: a job that it needs asks for more than the 2 slots of this run");
}

TEST(SchedulerRetryTest, JobsThatFitNoSlotsEndTheRunOnceNothingElseIsLeft) {
  Drive drive({a_job("train"), a_job("map", 4, {"train"})}, some_slots(2));
  const Assign train = drive.first_work();
  drive.ends(train, JobSuccess{});

  const auto durable = drive.recorded(train);
  drive.dies(kFirst);
  const auto over = only<Finish>(drive.reaped(kFirst));

  EXPECT_TRUE(std::holds_alternative<Exit>(only<Send>(durable).back().message)) << "the idle gang was not sent home";
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].code, ExitCode::kBadInput);
  EXPECT_NE(over[0].reason.find("a gang of 4 needs as many slots, this run has 2"), std::string::npos)
      << over[0].reason;
}

}  // namespace
}  // namespace camsweep

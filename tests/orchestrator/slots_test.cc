#include "orchestrator/slots.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

using Words = std::vector<std::string>;

TEST(SlotsTest, OnACpuTheLargestGangSharesTheCoresEvenly) {
  const SlotPlan plan =
      plan_slots({.count = {}, .hostfile = {}, .largest_gang = 2}, {.cpus = {0, 1, 2, 3, 8}, .gpus = {}});

  ASSERT_EQ(plan.slots.size(), 2U);
  EXPECT_EQ(plan.threads, 2);
  EXPECT_EQ(rank_arguments(plan, {0, 1}), (Words{"--size", "2", "--threads", "2", "--cpus", "0,1;2,3"}));
  EXPECT_TRUE(host_arguments(plan, {0, 1}).empty());
}

TEST(SlotsTest, TheDefaultHasRoomForFailedGangsButDoesNotInsistOnIt) {
  const Machine machine{.cpus = {0, 1, 2, 3}, .gpus = {}};

  EXPECT_EQ(plan_slots({.count = {}, .hostfile = {}, .largest_gang = 1, .failed_gang = 4}, machine).slots.size(), 4U);
  EXPECT_EQ(plan_slots({.count = 2, .hostfile = {}, .largest_gang = 1, .failed_gang = 4}, machine).slots.size(), 2U);
}

TEST(SlotsTest, WithMoreSlotsThanCoresNobodyIsPinned) {
  const SlotPlan plan = plan_slots({.count = 4, .hostfile = {}, .largest_gang = 1}, {.cpus = {0, 1}, .gpus = {}});

  EXPECT_EQ(plan.slots.size(), 4U);
  EXPECT_EQ(rank_arguments(plan, {3}), (Words{"--size", "1", "--threads", "1"}));
}

TEST(SlotsTest, EveryGpuIsASlot) {
  const SlotPlan plan =
      plan_slots({.count = {}, .hostfile = {}, .largest_gang = 1}, {.cpus = {0, 1, 2, 3}, .gpus = {"4", "5"}});

  ASSERT_EQ(plan.slots.size(), 2U);
  EXPECT_EQ(rank_arguments(plan, {0, 1}),
            (Words{"--size", "2", "--threads", "2", "--cpus", "0,1;2,3", "--gpus", "4;5"}));
}

TEST(SlotsTest, AGangLargerThanTheSlotsIsRefusedInOneSentence) {
  try {
    plan_slots({.count = 2, .hostfile = {}, .largest_gang = 4}, {.cpus = {0, 1}, .gpus = {}});
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "a gang of 4 needs as many slots, there are 2: raise --slots or lower `gang`");
  }
}

TEST(SlotsTest, AHostfileGivesSlotsAndEachGangItsHosts) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "hosts";
  write_file(file, "# nodes\nnode-a slots=2\n\nnode-b\n");

  const SlotPlan plan = plan_slots({.count = {}, .hostfile = file, .largest_gang = 3}, {.cpus = {0, 1}, .gpus = {}});

  EXPECT_EQ(plan.slots.size(), 3U);
  EXPECT_EQ(host_arguments(plan, {1, 2}), (Words{"--host", "node-a:1,node-b:1"}));
  write_file(file, "node-a slots=many\n");
  EXPECT_THROW(plan_slots({.count = {}, .hostfile = file, .largest_gang = 1}, {}), ConfigError);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace camsweep

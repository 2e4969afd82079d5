#include "orchestrator/slots.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

using Words = std::vector<std::string>;

Words arguments(const SlotPlan& plan, const std::vector<int>& slots) {
  return gang_arguments(plan, slots, "rank", {"--build", "b"});
}

TEST(SlotsTest, OnACpuTheLargestGangSharesTheCoresEvenly) {
  const SlotPlan plan =
      plan_slots({.count = {}, .hostfile = {}, .largest_gang = 2}, {.cpus = {0, 1, 2, 3, 8}, .gpus = {}});

  ASSERT_EQ(plan.slots.size(), 2U);
  EXPECT_EQ(plan.threads, 2);
  EXPECT_EQ(arguments(plan, {0, 1}),
            (Words{"-n", "2", "rank", "--size", "2", "--threads", "2", "--cpus", "0,1;2,3", "--build", "b"}));
}

TEST(SlotsTest, TheDefaultHasRoomForFailedGangsButDoesNotInsistOnIt) {
  const Machine machine{.cpus = {0, 1, 2, 3}, .gpus = {}};

  EXPECT_EQ(plan_slots({.count = {}, .hostfile = {}, .largest_gang = 1, .failed_gang = 4}, machine).slots.size(), 4U);
  EXPECT_EQ(plan_slots({.count = 2, .hostfile = {}, .largest_gang = 1, .failed_gang = 4}, machine).slots.size(), 2U);
}

TEST(SlotsTest, WithMoreSlotsThanCoresNobodyIsPinned) {
  const SlotPlan plan = plan_slots({.count = 4, .hostfile = {}, .largest_gang = 1}, {.cpus = {0, 1}, .gpus = {}});

  EXPECT_EQ(plan.slots.size(), 4U);
  EXPECT_EQ(arguments(plan, {3}), (Words{"-n", "1", "rank", "--size", "1", "--threads", "1", "--build", "b"}));
}

TEST(SlotsTest, EveryGpuIsASlot) {
  const SlotPlan plan =
      plan_slots({.count = {}, .hostfile = {}, .largest_gang = 1}, {.cpus = {0, 1, 2, 3}, .gpus = {"4", "5"}});

  ASSERT_EQ(plan.slots.size(), 2U);
  EXPECT_EQ(arguments(plan, {0, 1}), (Words{"-n", "2", "rank", "--size", "2", "--threads", "2", "--cpus", "0,1;2,3",
                                            "--gpus", "4;5", "--build", "b"}));
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
  EXPECT_EQ(arguments(plan, {0, 1}),
            (Words{"-n", "2", "--host", "node-a:2", "rank", "--size", "2", "--threads", "1", "--build", "b"}));
  write_file(file, "node-a slots=many\n");
  EXPECT_THROW(plan_slots({.count = {}, .hostfile = file, .largest_gang = 1}, {}), ConfigError);
  std::filesystem::remove(file);
}

TEST(SlotsTest, EachHostOfAGangHasItsOwnListOfGpus) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "gpu-hosts";
  write_file(file, "a slots=2\nb\nb\n");
  const SlotPlan plan =
      plan_slots({.count = {}, .hostfile = file, .largest_gang = 1}, {.cpus = {0, 1}, .gpus = {"0", "1"}});

  const Words words = arguments(plan, {1, 2, 3});

  EXPECT_EQ(words, (Words{"-n",     "1",      "--host",  "a:1",       "rank", "--size", "3",   "--threads", "1",
                          "--gpus", "1",      "--build", "b",         ":",    "-n",     "2",   "--host",    "b:2",
                          "rank",   "--size", "3",       "--threads", "1",    "--gpus", "0;1", "--build",   "b"}));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace camsweep

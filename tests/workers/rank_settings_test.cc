#include "workers/rank_settings.h"

#include <gtest/gtest.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

using Words = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

size_t local_rank_in(const Environment& environment) {
  return local_rank([&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

RankSettings settings(const Words& words, size_t rank) {
  return rank_settings(parse_rank_command(words), rank, "/opt/camsweep-worker");
}

std::string refusal(const Words& words, size_t rank = 0) {
  try {
    settings(words, rank);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RankSettingsTest, LocalRankIsThatOfTheStarterThatIsThere) {
  EXPECT_EQ(local_rank_in({}), 0u);
  EXPECT_EQ(local_rank_in({{"OMPI_COMM_WORLD_LOCAL_RANK", "3"}, {"SLURM_LOCALID", "1"}}), 3u);
  EXPECT_EQ(local_rank_in({{"SLURM_LOCALID", "2"}, {"PMIX_RANK", "5"}}), 2u);
  EXPECT_EQ(local_rank_in({{"PMIX_RANK", "5"}}), 5u);
  EXPECT_THROW(local_rank_in({{"SLURM_LOCALID", "first"}}), ConfigError);
}

TEST(RankSettingsTest, EachRankGetsItsEntryOfTheLists) {
  const Words words = {"--cpus", "0,1;2,3", "--gpus", "GPU-a;GPU-b", "--threads", "2"};

  const RankSettings second = settings(words, 1);

  EXPECT_EQ(settings(words, 0).cpus, (std::vector<int>{0, 1}));
  EXPECT_EQ(second.cpus, (std::vector<int>{2, 3}));
  EXPECT_EQ(
      second.environment,
      (Environment{{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {"CUDA_VISIBLE_DEVICES", "GPU-b"}, {"OMP_NUM_THREADS", "2"}}));
}

TEST(RankSettingsTest, WithoutListsAnyCpuAndGpuMayBeUsed) {
  const RankSettings found = settings({"--threads", "4"}, 7);

  EXPECT_TRUE(found.cpus.empty());
  EXPECT_FALSE(found.environment.contains("CUDA_VISIBLE_DEVICES"));
}

TEST(RankSettingsTest, TheWorkerIsToldItsChannelThreadsBuildAndSize) {
  EXPECT_EQ(settings({"--threads", "2", "--build", "15d1e71", "--size", "4"}, 0).program,
            (Words{"/opt/camsweep-worker", "rank", "--channel", "10", "--threads", "2", "--build", "15d1e71", "--size",
                   "4"}));
  EXPECT_EQ(settings({"--", "other", "--flag"}, 0).program,
            (Words{"other", "rank", "--channel", "10", "--threads", "1", "--flag"}));
}

TEST(RankSettingsTest, WordsThatAreWrongAreNamed) {
  EXPECT_EQ(refusal({"--cpus", "0;1"}, 2), "--cpus has 2 entries, none for local rank 2");
  EXPECT_EQ(refusal({"--cpus", "0,x"}), "--cpus: found 'x', expected a whole number");
  EXPECT_EQ(refusal({"--threads", "-1"}), "--threads: found '-1', expected a whole number");
  EXPECT_EQ(refusal({"--lock"}), "--lock: needs a value, see --help");
  EXPECT_EQ(refusal({"--gpu", "0"}), "--gpu: unknown, see --help");
}

}  // namespace
}  // namespace camsweep

#include "orchestrator/gang_scratch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class GangScratchTest : public testing::Test {
 protected:
  GangScratchTest() : parent_(fs::path(testing::TempDir()) / ("scratch-parent-" + std::to_string(::getpid()))) {
    fs::create_directories(parent_);
  }
  ~GangScratchTest() override { fs::remove_all(parent_); }
  fs::path parent_;
};

TEST_F(GangScratchTest, FoldersOfOthersThatOnlyLookLikeOursAreLeftAlone) {
  for (const char* name : {"camsweep-data", "camsweep-gang-results"}) {
    fs::create_directories(parent_ / name);
    std::ofstream(parent_ / name / "months-of-work.txt") << "precious";
  }

  { const GangScratch scratch({parent_}); }

  EXPECT_TRUE(fs::exists(parent_ / "camsweep-data/months-of-work.txt"));
  EXPECT_TRUE(fs::exists(parent_ / "camsweep-gang-results/months-of-work.txt"));
}

TEST_F(GangScratchTest, RootOfADeadSchedulerIsRemovedByTheNextAndALivingOneIsNot) {
  fs::create_directories(parent_ / "camsweep-gang-dead00/1");
  std::ofstream(parent_ / "camsweep-gang-dead00/.camsweep-gang-scratch");
  GangScratch living({parent_});
  const fs::path folder = living.make(1).front();

  { const GangScratch next({parent_}); }

  EXPECT_FALSE(fs::exists(parent_ / "camsweep-gang-dead00"));
  EXPECT_TRUE(fs::exists(folder));
}

}  // namespace
}  // namespace camsweep

#include "orchestrator/lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

class LockTest : public testing::Test {
 protected:
  LockTest() : folder_{std::filesystem::path(testing::TempDir()) / ("lock-" + std::to_string(::getpid()))} {}
  ~LockTest() override { std::filesystem::remove_all(folder_.root); }
  SweepFolder folder_;
};

TEST_F(LockTest, TheSecondSchedulerIsToldHostPidAndSinceWhen) {
  const SweepLock first = SweepLock::acquire(folder_);

  try {
    SweepLock::acquire(folder_);
    FAIL() << "two schedulers";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kLocked);
    EXPECT_NE(std::string(error.what()).find("pid " + std::to_string(::getpid()) + " on "), std::string::npos);
    EXPECT_NE(std::string(error.what()).find(" since 20"), std::string::npos) << error.what();
  }
}

TEST_F(LockTest, AHolderThatIsGoneNeedsNoUnlocking) {
  { const SweepLock first = SweepLock::acquire(folder_); }

  EXPECT_TRUE(SweepLock::try_acquire(folder_).has_value());
}

// Each look at the clock takes a second.
class ImpatientClock : public Clock {
 public:
  double now_s() const override { return time_s_ += 1; }

 private:
  mutable double time_s_ = 0;
};

TEST_F(LockTest, RanksOfAnEarlierSchedulerAreWaitedForButNotForEver) {
  make_directories(folder_.root);
  const Descriptor rank(::open(gangs_lock(folder_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  ASSERT_EQ(::flock(rank.get(), LOCK_SH), 0);

  EXPECT_THROW(wait_for_old_gangs(folder_, ImpatientClock()), Error);
  ::flock(rank.get(), LOCK_UN);
  EXPECT_NO_THROW(wait_for_old_gangs(folder_, ImpatientClock()));
}

}  // namespace
}  // namespace camsweep

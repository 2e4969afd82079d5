#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "schemas/files.h"
#include "tests/integration/gang_process.h"

namespace camsweep {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class GangProcessesTest : public testing::Test {
 protected:
  GangProcessesTest() : folder_(std::filesystem::path(testing::TempDir()) / ("gang" + std::to_string(::getpid()))) {
    make_directories(folder_);
  }
  ~GangProcessesTest() override { std::filesystem::remove_all(folder_); }

  Assignment job(const std::string& what, int attempt = 1) const {
    return {.job = {std::string(64, 'a')},
            .attempt = attempt,
            .directory = folder_,
            .stage = Stage::kTrain,
            .parameters = {{"do", what}},
            .inputs = {}};
  }

  std::filesystem::path folder_;
  const std::string program_ = std::string(CAMSWEEP_TESTS_DIR) + "/gang_program";
};

bool contains(const std::filesystem::path& file, std::string_view text) {
  return read_file(file).find(text) != std::string::npos;
}

// A handle of a process that tells its end, also of a process that is no child.
class ProcessWatch {
 public:
  explicit ProcessWatch(int64_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessWatch() { ::close(fd_); }
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  bool ends_within(seconds limit) const {
    pollfd end = {fd_, POLLIN, 0};
    return fd_ >= 0 && ::poll(&end, 1, static_cast<int>(limit.count() * 1000)) == 1;
  }

 private:
  int fd_;
};

double only_metric(const std::optional<Outcome>& outcome) {
  if (!outcome) throw std::runtime_error("the gang ended before its outcome");
  return std::get<JobSuccess>(outcome->end).metrics.at(0).value;
}

TEST_F(GangProcessesTest, ReadyNamesEveryRankAndTheEndOfInputEndsTheGangInOrder) {
  GangProcess gang(program_, 2, folder_, {"--size", "2"});

  const auto ready = gang.receive_next<Ready>();
  gang.close_input();

  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->protocol, kProtocolVersion);
  ASSERT_EQ(ready->ranks.size(), 2u);
  EXPECT_NE(ready->ranks[0].pid, ready->ranks[1].pid);
  EXPECT_GT(ready->ranks[1].start_time, 0);
  EXPECT_FALSE(gang.receive());
  EXPECT_EQ(gang.wait(), 0);
}

TEST_F(GangProcessesTest, CollectivesSumBroadcastGatherAndTakeTheLargest) {
  for (const int ranks : {2, 3}) {
    GangProcess gang(program_, ranks, folder_);
    gang.receive_next<Ready>();

    gang.send(job("exchange"));

    EXPECT_EQ(only_metric(gang.receive_next<Outcome>()), 1) << ranks << " ranks";
    gang.send(Exit{});
    EXPECT_EQ(gang.wait(), 0);
  }
}

TEST_F(GangProcessesTest, AWarmGangServesOneJobAfterAnotherAndKeepsTheirOutputOffTheChannel) {
  GangProcess gang(program_, 2, folder_);
  gang.receive_next<Ready>();

  for (int attempt = 1; attempt <= 20; ++attempt) {
    gang.send(job("print", attempt));
    const auto outcome = gang.receive_next<Outcome>();  // throws on a line that is no message
    ASSERT_TRUE(outcome);
    ASSERT_EQ(outcome->attempt, attempt);
  }
  gang.close_input();
  gang.wait();

  EXPECT_TRUE(contains(folder_ / "rank0.log", "a library prints on stdout"));
  EXPECT_TRUE(contains(folder_ / "rank1.log", "and on stderr, rank 1"));
}

TEST_F(GangProcessesTest, AStopReachesARunningJobAndTheHeartTellsItsProgress) {
  GangProcess gang(program_, 2, folder_);
  gang.receive_next<Ready>();
  gang.send(job("until_stopped"));
  std::optional<Progress> progress;
  do progress = gang.receive_next<Progress>();
  while (progress && progress->step == 0);

  gang.send(Stop{.now = false});

  const auto outcome = gang.receive_next<Outcome>();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->rate, 1.5);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(std::holds_alternative<JobStopped>(outcome->end));
  gang.send(job("nothing", 2));
  EXPECT_TRUE(gang.receive_next<Outcome>()) << "the stop was meant for the job before";
}

TEST_F(GangProcessesTest, ARankThatFailsAloneLeavesARecordAndTakesTheGangWithIt) {
  GangProcess gang(program_, 2, folder_);
  gang.receive_next<Ready>();

  gang.send(job("fail_alone"));

  EXPECT_FALSE(gang.receive_next<Outcome>());
  EXPECT_NE(gang.wait(), 0);
  const Json record = Json::parse(read_file(folder_ / "failure.rank1.json"));
  EXPECT_EQ(record.at("kind"), "worker");
  EXPECT_EQ(record.at("retryable"), true);
  EXPECT_EQ(record.at("text"), "rank 1 found a bad day");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "failure.rank0.json"));
}

TEST_F(GangProcessesTest, AKilledRankEndsTheGangWithinSeconds) {
  GangProcess gang(program_, 2, folder_);
  const auto ready = gang.receive_next<Ready>();
  ASSERT_TRUE(ready);
  gang.send(job("until_stopped"));
  gang.receive_next<Progress>();

  const auto start = steady_clock::now();
  ::kill(static_cast<pid_t>(ready->ranks[1].pid), SIGKILL);

  EXPECT_EQ(gang.wait(), 128 + SIGKILL);
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST_F(GangProcessesTest, RanksDieWithTheirMpirun) {
  GangProcess gang(program_, 2, folder_);
  const auto ready = gang.receive_next<Ready>();
  ASSERT_TRUE(ready);
  const ProcessWatch first(ready->ranks[0].pid);
  const ProcessWatch second(ready->ranks[1].pid);

  ::kill(gang.pid(), SIGKILL);

  EXPECT_TRUE(first.ends_within(seconds(5)));
  EXPECT_TRUE(second.ends_within(seconds(5)));
}

TEST_F(GangProcessesTest, AGangOfAnotherSizeThanPromisedRefusesToStart) {
  GangProcess gang(program_, 1, folder_, {"--size", "2"});

  EXPECT_FALSE(gang.receive());
  EXPECT_EQ(gang.wait(), 3);
  EXPECT_TRUE(contains(folder_ / "gang.log", "1 ranks instead of 2"));
}

TEST_F(GangProcessesTest, TheShimRefusesALocalRankWithoutCpus) {
  GangProcess gang(program_, 2, folder_, {"--cpus", "0"});

  EXPECT_FALSE(gang.receive());
  EXPECT_EQ(gang.wait(), 2);
  EXPECT_TRUE(contains(folder_ / "gang.log", "--cpus has 1 entries, none for local rank 1"));
}

}  // namespace
}  // namespace camsweep

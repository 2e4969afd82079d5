// MpiGangs and GangProcess with real processes: fake_mpirun.sh in the place of mpirun.
#include "orchestrator/gang_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "orchestrator/clock.h"
#include "orchestrator/mpi_gangs.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

const GangId kGang{1};

class MpiGangsTest : public testing::Test {
 protected:
  MpiGangsTest() : folder_(fs::path(testing::TempDir()) / ("gangs-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "scratch");
    fs::create_directories(folder_ / "shm");
  }
  ~MpiGangsTest() override { fs::remove_all(folder_); }

  MpiGangs make_gangs() {
    return MpiGangs({.mpirun = CAMSWEEP_SOURCE_DIR "/tests/orchestrator/fake_mpirun.sh",
                     .rank_program = "camsweep-rank",
                     .worker_program = "camsweep-worker",
                     .folder = {folder_},
                     .gangs_lock = folder_ / "gangs.lock",
                     .build = "b",
                     .slots = {.slots = {Slot{}, Slot{}}, .threads = 1},
                     .scratch = {folder_ / "scratch", folder_ / "shm"}});
  }

  // Everything that happens until an event of this kind; fails after ten seconds without one.
  template <class Kind>
  std::optional<Kind> next(MpiGangs& gangs) {
    const SteadyClock clock;
    for (const double until_s = clock.now_s() + 10; clock.now_s() < until_s;) {
      for (const Event& event : gangs.wait(0.1)) {
        if (const auto* found = std::get_if<Kind>(&event)) return *found;
      }
    }
    ADD_FAILURE() << "nothing happened";
    return std::nullopt;
  }

  fs::path folder_;
};

TEST_F(MpiGangsTest, MessagesArriveAndEverythingElseGoesToTheGangsLog) {
  MpiGangs gangs = make_gangs();

  gangs.start(kGang, {0, 1});
  const auto message = next<GangMessage>(gangs);

  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->gang, kGang);
  EXPECT_EQ(std::get<Ready>(message->message).build, "b");
  const std::string log = read_file(folder_ / "gangs/1.log");
  EXPECT_NE(log.find("a library says hello"), std::string::npos);
  EXPECT_NE(log.find("mpirun complains"), std::string::npos);
}

TEST_F(MpiGangsTest, AGangThatWasToldToExitIsReportedAndReaped) {
  MpiGangs gangs = make_gangs();
  gangs.start(kGang, {0});
  next<GangMessage>(gangs);

  gangs.send(kGang, Exit{});
  const auto exited = next<GangExited>(gangs);
  gangs.kill(kGang);
  const auto reaped = next<GangReaped>(gangs);

  ASSERT_TRUE(exited && reaped);
  EXPECT_EQ(exited->how, "mpirun ended with exit code 0");
  const fs::path root = *fs::directory_iterator(folder_ / "shm");
  EXPECT_EQ(std::distance(fs::directory_iterator(root), {}), 1) << "more than the marker is left";
}

TEST_F(MpiGangsTest, ARankThatASignalEndedIsNamedAsTheCause) {
  MpiGangs gangs = make_gangs();
  gangs.start(kGang, {0});
  next<GangMessage>(gangs);

  gangs.send(kGang, Ack{});
  const auto exited = next<GangExited>(gangs);

  ASSERT_TRUE(exited.has_value());
  EXPECT_EQ(exited->how, "a rank ended by signal 11 (Segmentation fault)");
}

TEST_F(MpiGangsTest, AKilledGangLeavesNoProcessEvenInASessionOfItsOwn) {
  MpiGangs gangs = make_gangs();
  gangs.start(kGang, {0});
  next<GangMessage>(gangs);
  gangs.send(kGang, Stop{.now = true});  // fake_mpirun.sh then starts a process that setsid() takes away
  next<GangMessage>(gangs);
  const std::string scratch = fs::directory_iterator(folder_ / "shm")->path().filename();
  const std::string marker = "CAMSWEEP_GANG=" + scratch.substr(scratch.find('-') + 1) + ".1";

  gangs.kill(kGang);
  const auto reaped = next<GangReaped>(gangs);

  EXPECT_TRUE(reaped.has_value());
  EXPECT_TRUE(processes_with(marker).empty());
}

TEST_F(MpiGangsTest, ALineBeyondTheLimitBreaksTheGang) {
  MpiGangs gangs = make_gangs();
  gangs.start(kGang, {0});
  next<GangMessage>(gangs);

  gangs.send(kGang, Stop{.now = false});  // fake_mpirun.sh then prints 2 MB without a newline
  const auto exited = next<GangExited>(gangs);

  ASSERT_TRUE(exited.has_value());
  EXPECT_EQ(exited->how, "a gang sent a line of more than 1 MiB");
}

TEST_F(MpiGangsTest, AMessageThatIsNotUnderstoodBreaksTheGangInsteadOfLookingLikeSilence) {
  MpiGangs gangs = make_gangs();
  gangs.start(kGang, {0});
  next<GangMessage>(gangs);

  gangs.send(kGang, Ack{.job = {"a"}, .attempt = 2});  // fake_mpirun.sh then sends half an outcome
  const auto exited = next<GangExited>(gangs);

  ASSERT_TRUE(exited.has_value());
  EXPECT_NE(exited->how.find("key 'attempt' not found"), std::string::npos) << exited->how;
}

TEST_F(MpiGangsTest, ASignalAtTheSchedulerBecomesAStop) {
  MpiGangs gangs = make_gangs();

  ::kill(::getpid(), SIGUSR1);

  EXPECT_TRUE(next<StopRequested>(gangs).has_value());
}

TEST_F(MpiGangsTest, LogsOfEarlierRunsAreKept) {
  fs::create_directories(folder_ / "gangs");
  write_file(folder_ / "gangs/7.log", "old");
  const MpiGangs gangs = make_gangs();

  EXPECT_EQ(gangs.log(kGang), folder_ / "gangs/8.log");
}

TEST(GangEnvironmentTest, OnlyWhatAGangNeedsGetsThrough) {
  std::vector<std::string> own = {"PATH=/bin", "SECRET_TOKEN=x", "LC_ALL=C", "OMP_PROC_BIND=true", "PATHOLOGY=1"};
  std::vector<char*> pointers;
  for (std::string& entry : own) pointers.push_back(entry.data());
  pointers.push_back(nullptr);

  EXPECT_EQ(gang_environment(pointers.data()),
            (std::vector<std::string>{"PATH=/bin", "LC_ALL=C", "OMP_PROC_BIND=true"}));
}

TEST(ProcessTest, AProgramThatIsNotThereIsAnEnvironmentError) {
  EXPECT_FALSE(find_program("no-such-program-anywhere").has_value());
  EXPECT_THROW(start_child({.arguments = {"/no/such/program"}, .environment = {}}, STDERR_FILENO), Error);
}

TEST(ProcessTest, StartTimesTellAProcessFromOneThatReusesItsPid) {
  EXPECT_TRUE(process_start_time(::getpid()).has_value());
  EXPECT_EQ(process_start_time(::getpid()), process_start_time(::getpid()));
  EXPECT_FALSE(process_start_time(0x3fffffff).has_value());
}

}  // namespace
}  // namespace camsweep

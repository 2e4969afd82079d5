// What camsweep-rank does to its process, seen by a program it becomes.
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

const std::string kProgram = CAMSWEEP_BIN_DIR "/camsweep-rank";

class RankMainTest : public testing::Test {
 protected:
  void SetUp() override { make_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // A shell script as the worker.
  std::string worker(const std::string& text) const {
    const fs::path file = folder_ / "worker.sh";
    write_file(file, "#!/bin/bash\n" + text);
    fs::permissions(file, fs::perms::owner_all);
    return file.string();
  }

  // Its stdout; stderr goes to errors().
  std::string run(const std::string& environment, const std::string& options, const std::string& worker) const {
    const std::string command = environment + " '" + kProgram + "' " + options + " -- '" + worker + "' 2> '" +
                                (folder_ / "errors").string() + "'";
    FILE* const output = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) text += static_cast<char>(c);
    ::pclose(output);
    return text;
  }
  std::string errors() const { return read_file(folder_ / "errors"); }

  fs::path folder_ = fs::path(testing::TempDir()) / ("camsweep-rank-main-" + std::to_string(::getpid()));
};

TEST_F(RankMainTest, StdoutOfTheWorkerIsStderrAndTheChannelIsKept) {
  const std::string script = worker("echo noise\necho message >&10\n");

  EXPECT_EQ(run("", "--threads 1", script), "message\n");
  EXPECT_EQ(errors(), "noise\n");
}

TEST_F(RankMainTest, TheWorkerSeesItsGpuAndThreads) {
  const std::string script = worker("echo \"$*; $OMP_NUM_THREADS; $CUDA_VISIBLE_DEVICES\" >&10\n");

  EXPECT_EQ(run("OMPI_COMM_WORLD_LOCAL_RANK=1 OMP_NUM_THREADS=9", "--threads 2 --gpus 'GPU-a;GPU-b'", script),
            "rank --channel 10 --threads 2; 2; GPU-b\n");
}

TEST_F(RankMainTest, TheWorkerRunsOnItsCpus) {
  cpu_set_t own;
  ASSERT_EQ(::sched_getaffinity(0, sizeof own, &own), 0);
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &own)) --last;
  const std::string script = worker("grep Cpus_allowed_list /proc/self/status >&10\n");

  EXPECT_EQ(run("", "--threads 1 --cpus " + std::to_string(last), script),
            "Cpus_allowed_list:\t" + std::to_string(last) + "\n");
}

TEST_F(RankMainTest, AListWithoutAnEntryForTheRankIsNamedAndNothingStarts) {
  EXPECT_EQ(run("OMPI_COMM_WORLD_LOCAL_RANK=2", "--gpus '0;1'", worker("echo started >&10\n")), "");
  EXPECT_EQ(errors(), "camsweep-rank: --gpus has 2 entries, none for local rank 2\n");
}

// Starts camsweep-rank --supervised as a child of a child, with all of its ends on `output`; returns the child between.
pid_t start_supervised(const std::array<int, 2>& output) {
  const pid_t between = ::fork();
  if (between != 0) return between;
  if (::fork() == 0) {
    ::dup2(output[0], STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::execl(kProgram.c_str(), "camsweep-rank", "--supervised", "--", "sh", "-c", "echo; exec tail -f /dev/null",
            nullptr);
    ::_exit(1);
  }
  ::close(output[1]);
  ::pause();
  ::_exit(0);
}

TEST_F(RankMainTest, ASupervisedProgramDiesWithItsParent) {
  constexpr int kPatience_ms = 20'000;
  std::array<int, 2> output{};
  ASSERT_EQ(::pipe(output.data()), 0);
  const pid_t between = start_supervised(output);
  ::close(output[1]);
  char byte = 0;
  ASSERT_EQ(::read(output[0], &byte, 1), 1);  // the program runs

  ::kill(between, SIGKILL);
  ::waitpid(between, nullptr, 0);

  pollfd end{.fd = output[0], .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&end, 1, kPatience_ms), 1) << "the program outlives its parent";
  EXPECT_EQ(::read(output[0], &byte, 1), 0);  // the end of its stdout
  ::close(output[0]);
}

}  // namespace
}  // namespace camsweep

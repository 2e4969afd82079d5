// kill -9 of a rank, of mpirun and of the scheduler at random moments: nothing acknowledged is lost.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <random>

#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/integration/command.h"
#include "tests/integration/sweeps.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Accepted results by job: what must never change again.
std::map<std::string, std::string> accepted(const fs::path& folder) {
  std::map<std::string, std::string> results;
  const CommandResult answer = camsweep(
      {"query", "small", "SELECT job, name, coalesce(epoch, -1) AS epoch, value FROM metrics ORDER BY job, name, epoch",
       "--json"},
      folder);
  if (answer.exit_code != 0) return results;
  for (const Json& row : Json::parse(answer.out)) {
    results[row.at("job").get<std::string>()] += row.dump();
  }
  return results;
}

int64_t number(const fs::path& folder, const std::string& sql) {
  const CommandResult answer = camsweep({"query", "small", sql, "--json"}, folder);
  return answer.exit_code == 0 ? Json::parse(answer.out).at(0).at("n").get<int64_t>() : -1;
}

bool is_victim(const MarkedProcess& process, const std::string& kind) {
  if (kind == "rank") return process.name.starts_with("camsweep-worker") || process.name.starts_with("camsweep-rank");
  if (kind == "mpirun") return process.name == "mpirun" || process.name == "orterun" || process.name == "prterun";
  return process.name == "camsweep";
}

// Folders of schedulers that are dead: a living one, of this or another run on the machine, holds a lock on its own.
std::vector<std::string> left_in_shared_memory() {
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator("/dev/shm")) {
    if (!entry.path().filename().string().starts_with("camsweep")) continue;
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) left.push_back(entry.path().string());
    if (fd >= 0) ::close(fd);
  }
  return left;
}

// False if no such process came to live any more.
bool kill_one(const fs::path& folder, const std::string& kind, std::mt19937& random) {
  std::vector<pid_t> victims;
  const auto find = [&] {
    for (const MarkedProcess& process : marked_processes(folder)) {
      if (is_victim(process, kind)) victims.push_back(process.pid);
    }
    return !victims.empty();
  };
  return eventually(find, std::chrono::seconds(10)) && ::kill(victims[random() % victims.size()], SIGKILL) == 0;
}

class KillTest : public testing::TestWithParam<std::string> {};

TEST_P(KillTest, NothingAcknowledgedIsLostAndTheSameCommandFinishes) {
  const std::string kind = GetParam();
  const int kills = std::getenv("CAMSWEEP_ALL") != nullptr ? 10 : 3;
  const Scratch scratch("kill-" + kind);
  write_file(scratch.path / "small.yaml", small_sweep(60, "limits: {max_attempts: 50}\n"));
  std::mt19937 random(static_cast<unsigned>(std::hash<std::string>{}(kind)));
  std::map<std::string, std::string> acknowledged;
  const std::vector<std::string> command = {program("camsweep"), "run", "small.yaml", "--no-report"};

  std::optional<Command> run;
  for (int kill = 0; kill < kills; ++kill) {
    if (!run) run.emplace(command, scratch.path);
    ::poll(nullptr, 0, 300 + static_cast<int>(random() % 1500));  // the random moment
    acknowledged = accepted(scratch.path);
    EXPECT_TRUE(kill_one(scratch.path, kind, random)) << "no " << kind << " to kill, number " << kill + 1;
    if (kind == "scheduler") {
      EXPECT_EQ(run->wait().exit_code, 128 + SIGKILL);
      EXPECT_TRUE(eventually([&] { return marked_processes(scratch.path).empty(); }, std::chrono::seconds(10)))
          << marked_processes(scratch.path).size() << " processes outlive the scheduler";
      run.reset();
    }
    const auto found = accepted(scratch.path);
    for (const auto& [job, result] : acknowledged) EXPECT_EQ(found.at(job), result) << job;
  }
  if (run) {
    EXPECT_EQ(run->wait().exit_code, 0);
  }
  const CommandResult last = camsweep({"run", "small.yaml", "--no-report"}, scratch.path);

  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(number(scratch.path, "SELECT count(*) AS n FROM jobs WHERE state = 'done'"), 12);
  EXPECT_EQ(number(scratch.path,
                   "SELECT count(*) AS n FROM (SELECT job FROM attempts WHERE state = 'accepted' GROUP BY job "
                   "HAVING count(*) > 1)"),
            0);
  EXPECT_EQ(camsweep({"verify", "small"}, scratch.path).exit_code, 0);
  EXPECT_TRUE(marked_processes(scratch.path).empty());
  EXPECT_EQ(left_in_shared_memory(), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Processes, KillTest, testing::Values("rank", "mpirun", "scheduler"),
                         [](const auto& victim) { return victim.param; });

}  // namespace
}  // namespace camsweep

// The time between two jobs on a warm gang, from sending an assignment to having read its outcome, with jobs that do
// nothing: what the channel, the hand-over between ranks and the attempt's log cost.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "schemas/files.h"
#include "tests/integration/gang_process.h"

namespace camsweep {
namespace {

constexpr int kJobs = 500;

void measure(int ranks, const std::filesystem::path& folder) {
  GangProcess gang(std::string(CAMSWEEP_BENCH_DIR) + "/noop_rank", ranks, folder);
  gang.receive_next<Ready>();
  Assignment job;
  job.job = {std::string(64, 'a')};
  job.directory = folder;
  std::vector<double> times_ms;
  for (job.attempt = 1; job.attempt <= kJobs; ++job.attempt) {
    const auto start = std::chrono::steady_clock::now();
    gang.send(job);
    gang.receive_next<Outcome>();
    times_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times_ms.begin(), times_ms.end());
  fmt::print("{} ranks: median {:.3f} ms, 99th percentile {:.3f} ms, {} jobs\n", ranks, times_ms[kJobs / 2],
             times_ms[kJobs * 99 / 100], kJobs);
}

}  // namespace
}  // namespace camsweep

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "camsweep-noop";
  camsweep::make_directories(folder);
  for (const int ranks : {1, 2}) camsweep::measure(ranks, folder);
  std::filesystem::remove_all(folder);
}

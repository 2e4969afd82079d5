#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <variant>

#include "schemas/error.h"
#include "workers/analysis/erf_job.h"
#include "workers/commands/model_arguments.h"

// `camsweep erf` with a stopwatch that starts once the network is loaded:
//   erf WEIGHTS PHOTOS SIZE COUNT OUT
// prints CPU and wall seconds, resident memory when loaded and at its peak, in MB.
namespace camsweep {
namespace {

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / 1e6;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void measure(const ModelArguments& arguments, int size) {
  LocalRun run(Stage::kErf, {{"images", arguments.count}, {"size", size}}, arguments.out);
  AnalysisInput input = open_input(arguments);
  const double loaded = resident_mb(), cpu = cpu_s();
  const auto start = std::chrono::steady_clock::now();
  const JobEnd end = run_analysis([&] { return analyse_erf(run.context(), input); });
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  CAMSWEEP_CHECK(std::holds_alternative<JobSuccess>(end), "the analysis succeeds");
  fmt::print(
      "{}\n",
      Json{{"cpu_s", cpu_s() - cpu}, {"wall_s", wall.count()}, {"loaded_mb", loaded}, {"peak_mb", peak_mb()}}.dump());
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "erf WEIGHTS PHOTOS SIZE COUNT OUT\n");
    return 2;
  }
  camsweep::ModelArguments arguments;
  arguments.model.weights = argv[1];
  arguments.images = argv[2];
  arguments.count = std::stoll(argv[4]);
  arguments.out = argv[5];
  camsweep::measure(arguments, std::stoi(argv[3]));
}

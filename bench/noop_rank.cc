// A rank whose jobs do nothing but report the seed that they were given: what comes back can be checked.
#include <cstdlib>

#include "workers/gang/rank.h"

// Started by camsweep-rank: noop_rank rank --channel FD --threads T [--build COMMIT] [--size N].
int main(int, char** argv) {
  camsweep::RankOptions options;
  options.channel_fd = std::atoi(argv[3]);
  camsweep::run_rank(options, [](camsweep::JobContext& context) {
    camsweep::JobSuccess success;
    success.metrics.push_back({"noop.seed", std::nullopt, context.assignment.parameters.value("seed", 0.0)});
    return success;
  });
}

// A rank whose jobs do nothing.
#include <cstdlib>

#include "workers/gang/rank.h"

// Started by camsweep-rank: noop_rank rank --channel FD --threads T.
int main(int, char** argv) {
  camsweep::RankOptions options;
  options.channel_fd = std::atoi(argv[3]);
  camsweep::run_rank(options, [](camsweep::JobContext&) { return camsweep::JobSuccess{}; });
}

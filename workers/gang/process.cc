#include "workers/gang/process.h"

#include <unistd.h>

#include <climits>
#include <fstream>
#include <sstream>
#include <string>

#include "schemas/files.h"

namespace camsweep {

RankProcess this_process() {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, HOST_NAME_MAX);
  const std::string stat = read_file("/proc/self/stat");
  // Fields are counted from the last ')': the second one, the program's name, may hold spaces.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) fields >> field;
  return {.host = host, .pid = ::getpid(), .start_time = std::stoll(field)};
}

int64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
}

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace camsweep

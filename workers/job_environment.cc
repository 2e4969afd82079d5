#include "workers/job_environment.h"

#include <torch/headeronly/version.h>

#include <fstream>
#include <string>

#include "version.h"
#include "workers/gang/device.h"
#include "workers/gang/mpi_world.h"
#include "workers/gang/process.h"

namespace camsweep {
namespace {

// "AMD EPYC 9B14", as the kernel names the first processor; Arm machines name none.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Json job_environment(const JobContext& context) {
  Json environment = {{"commit", kCommit},
                      {"camsweep", kVersion},
                      {"libtorch", TORCH_VERSION},
                      {"mpi", mpi_version()},
                      {"host", this_process().host},
                      {"cpu", cpu_model()},
                      {"threads", context.threads},
                      {"ranks", context.collective.size()},
                      {"peak_memory_bytes", context.collective.max(peak_memory_bytes())}};
  if (context.device.is_cuda()) environment["gpu"] = gpu_name(context.device);
  return environment;
}

}  // namespace camsweep

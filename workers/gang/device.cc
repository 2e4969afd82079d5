#include "workers/gang/device.h"

#include <ATen/Context.h>

#include <set>
#include <utility>

#include "workers/gang/mpi_collective.h"
#ifdef CAMSWEEP_CUDA
#include "workers/gang/nccl_collective.h"
#include "workers/gang/process.h"
#endif

namespace camsweep {

c10::Device choose_device() { return at::hasCUDA() ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU); }

#ifdef CAMSWEEP_CUDA
namespace {

// Asked of all ranks together: a gang uses NCCL as a whole or not at all.
bool every_rank_has_its_gpu(Collective& collective, c10::Device device) {
  const std::string own = device.is_cuda() ? this_process().host + ' ' + gpu_bus_id(device) : "";
  const std::vector<std::string> gpus = collective.gather_bytes(own);
  const std::set<std::string> different(gpus.begin(), gpus.end());
  const bool own_each = different.size() == gpus.size() && !different.contains("");
  return collective.broadcast_bytes(own_each ? "yes" : "no") == "yes";
}

}  // namespace

std::string gpu_name(c10::Device device) { return device.is_cuda() ? cuda_device_name(device) : ""; }

std::unique_ptr<Collective> make_collective(const MpiWorld& world, c10::Device device) {
  if (world.size() == 1) return make_single_collective();
  std::unique_ptr<Collective> host = make_mpi_collective(world);
  if (!every_rank_has_its_gpu(*host, device)) return host;
  return make_nccl_collective(std::move(host), device);
}
#else
std::string gpu_name(c10::Device) { return ""; }

std::unique_ptr<Collective> make_collective(const MpiWorld& world, c10::Device) {
  if (world.size() == 1) return make_single_collective();
  return make_mpi_collective(world);
}
#endif

}  // namespace camsweep

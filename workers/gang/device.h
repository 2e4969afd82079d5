#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>

#include "workers/gang/collective.h"
#include "workers/gang/mpi_world.h"

namespace camsweep {

// The first GPU this process sees (camsweep-rank shows each rank its own), or the CPU.
c10::Device choose_device();

// "NVIDIA H200"; empty for a CPU.
std::string gpu_name(c10::Device device);

// NCCL where every rank has a GPU of its own, MPI otherwise; nothing at all for a gang of one.
std::unique_ptr<Collective> make_collective(const MpiWorld& world, c10::Device device);

}  // namespace camsweep

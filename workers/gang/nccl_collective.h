#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>

#include "workers/gang/collective.h"

namespace camsweep {

// Collectives for ranks that each have a GPU of their own. Tensors on the GPU go over NCCL on a high-priority stream
// beside the current one, so that a bucket travels while backward goes on; join() makes the current stream wait for
// them, without waiting on the host. Everything else goes through `host`, which also carries NCCL's unique id. Throws
// Error (kEnvironment) if the communicator is not there within 120 s.
std::unique_ptr<Collective> make_nccl_collective(std::unique_ptr<Collective> host, c10::Device device);

std::string cuda_device_name(c10::Device device);
// "0000:17:00.0": tells apart the GPUs of a host whatever CUDA_VISIBLE_DEVICES says.
std::string gpu_bus_id(c10::Device device);

}  // namespace camsweep

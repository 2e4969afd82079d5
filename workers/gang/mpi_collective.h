#pragma once

#include <memory>

#include "workers/gang/collective.h"
#include "workers/gang/mpi_world.h"

namespace camsweep {

// Collectives over MPI on a communicator of their own. A bucket's reduction starts in all_reduce_sum() and advances
// whenever the next one starts; join() waits for the rest. Between ranks of one host this gives what a blocking call
// after backward gives, without its spinning; between hosts the network works while backward goes on. Sums are taken in
// float64 for float64, in float32 for every other type. Tensors on a GPU go through host memory: for ranks that share
// one GPU, where NCCL refuses.
std::unique_ptr<Collective> make_mpi_collective(const MpiWorld& world);

}  // namespace camsweep

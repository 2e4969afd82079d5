#pragma once

#include <mpi.h>

#include <optional>
#include <string>

namespace camsweep {

// Throws Error (kEnvironment) with MPI's own text. Errors are returned, not fatal, so that a rank can leave its failure
// record before it ends.
void check_mpi(int result, const char* call);

// Waits without taking a core from the ranks that compute: tests for a moment, then sleeps an eighth of the time waited
// so far, at most 2 ms.
void wait_mpi(MPI_Request& request);

// This process's membership in its gang: MPI_Init to MPI_Finalize. One per process, used from its main thread.
class MpiWorld {
 public:
  // Throws Error (kEnvironment) if MPI cannot serialize calls of several threads (autograd may call a collective from
  // its device thread), or if the world has not `expected_size` ranks: an srun that knows no PMIx starts every rank as
  // a world of one.
  explicit MpiWorld(std::optional<int> expected_size);
  // Does not finalize while an exception is on its way: the other ranks would never arrive.
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }

 private:
  int rank_ = 0;
  int size_ = 1;
};

// Ranks that whoever started this process says there are: OMPI_COMM_WORLD_SIZE, SLURM_NTASKS. None without a starter.
std::optional<int> promised_world_size();

// "Open MPI 4.1.4".
std::string mpi_version();

}  // namespace camsweep

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace camsweep {

// What the ranks of a gang do together. Every rank makes the same calls in the same order, from its main thread.
class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Sums a contiguous float tensor over all ranks, in place. May return before it is done.
  virtual void all_reduce_sum(at::Tensor& flat) = 0;
  // Everything started before is done for whatever the caller does next (on CUDA: on its current stream).
  virtual void join() = 0;
  // Copies rank 0's tensor to all ranks, in place.
  virtual void broadcast(at::Tensor& tensor) = 0;

  // Host data, always over MPI: rank 0's bytes to all; every rank's bytes to rank 0 (empty elsewhere), in rank order.
  virtual std::string broadcast_bytes(std::string bytes) = 0;
  virtual std::vector<std::string> gather_bytes(const std::string& bytes) = 0;
  // The largest of the ranks' values: how a stop or a failure of one becomes a decision of all.
  virtual int64_t max(int64_t value) = 0;
  virtual void barrier() = 0;
};

// A gang of one: nothing to do. Also what one-file commands and tests use.
std::unique_ptr<Collective> make_single_collective();

// The first rank's text that is not empty, on all ranks: what a decision of all says.
std::string shared_text(Collective& collective, const std::string& own);

}  // namespace camsweep

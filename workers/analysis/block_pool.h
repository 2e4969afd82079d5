#pragma once

namespace camsweep {

// While it lives, large tensors on the CPU get blocks of memory that earlier ones of exactly their size have left. A
// pass through a network asks for the same sizes again and again, and what the system hands out anew it fills with
// zeros first: a sixth of an ERF's time. All blocks together never exceed what was in use at one time, so that memory
// grows neither by what is kept nor by gaps between blocks of mixed sizes and ages. Several that
// live at once share their blocks; any thread may allocate; tensors may outlive it.
class BlockPool {
 public:
  BlockPool();
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
};

}  // namespace camsweep

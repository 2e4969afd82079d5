#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/gang/collective.h"

namespace camsweep {

struct ReducerOptions {
  size_t first_bucket_bytes = 1 << 20;  // small, so that communication starts early
  size_t bucket_bytes = 25 << 20;
  int64_t extra = 0;  // elements at the end of the last bucket for the caller's own sums
  // Start a bucket's sum from the backward pass as soon as it is complete. Pays where wire time can hide behind compute
  // (GPUs); ranks that share a box's cores lose by it (spec libtorch, 8.1).
  enum class Launch { kAfterBackward, kDuringBackward } launch = Launch::kAfterBackward;
};

// Sums the gradients of a gang. Gradients are views into flat buckets, laid out once in reverse parameter order and
// never rebuilt, so that every run and every resume sums in the same order; buckets start strictly in that order, so
// that all ranks issue the same sequence (spec libtorch, 1.3).
//
// Per step: begin_step(), one backward pass or more, finish(). The caller scales its loss by 1 / ranks to get the mean.
class GradientReducer {
 public:
  // Takes over the parameters' gradients. Parameters must already have their final device and memory format.
  GradientReducer(const std::vector<NamedTensor>& parameters, Collective& collective, const ReducerOptions& options);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  void begin_step(int passes = 1);
  // The caller's elements in the last bucket, float: set them after begin_step() and before the last backward pass;
  // after finish() they hold the sums over all ranks.
  at::Tensor extra() const { return extra_; }
  // Sums what is left, parameters without a gradient included, and orders it before whatever the caller does next.
  void finish();

  size_t buckets() const { return buckets_.size(); }

 private:
  friend struct ReadyHook;
  struct Bucket {
    at::Tensor flat;
    size_t parameters = 0;
    size_t pending = 0;
  };

  void lay_out(const ReducerOptions& options);
  void make_bucket(size_t first, size_t last, int64_t elements, int64_t extra);
  void install_hooks();
  void ready(size_t parameter);
  void launch_complete();

  Collective& collective_;
  ReducerOptions::Launch launch_;
  std::vector<at::Tensor> parameters_;  // in reverse order of registration
  std::vector<at::Tensor> views_;       // of the flats, one per parameter, with its strides
  std::vector<size_t> bucket_of_;
  std::vector<Bucket> buckets_;
  size_t next_ = 0;  // the first bucket not yet started
  at::Tensor extra_;
};

}  // namespace camsweep

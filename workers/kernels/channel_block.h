#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "workers/kernels/correlation.h"

namespace camsweep {

// Maps of neighbouring channels, as many as a vector has lanes, in float32: rows of positions of lanes. Columns beside
// the map read as zeros.
class ChannelBlock {
 public:
  struct Padding {
    int64_t left = 0;
    int64_t right = 0;
  };
  ChannelBlock(int64_t height, int64_t width, Padding padding, int64_t lanes);

  // Channels from `first` on of one image of a tensor (N, C, H, W), or of filters (C, 1, H, W) as (1, C, H, W): float32
  // or bfloat16, any strides. Lanes beyond the last channel are zeros.
  void load(const at::Tensor& maps, int64_t image, int64_t first);
  // The same the other way; lanes beyond the last channel are dropped.
  void store(const at::Tensor& maps, int64_t image, int64_t first) const;

  void clear();
  // Turned by half a circle.
  void rotate();

  float* at(int64_t y, int64_t x) { return first_ + offset(y, x); }
  VectorRows from(int64_t y, int64_t x) const { return {first_ + offset(y, x), stride_}; }

 private:
  int64_t offset(int64_t y, int64_t x) const { return y * stride_ + (padding_.left + x) * lanes_; }

  int64_t height_;
  int64_t width_;
  Padding padding_;
  int64_t lanes_;
  int64_t stride_;
  at::Tensor values_;  // which LibTorch aligns as vectors need it
  float* first_;
};

}  // namespace camsweep

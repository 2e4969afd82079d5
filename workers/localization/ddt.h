#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "workers/localization/image_pass.h"

// Deep descriptor transforming (Wei et al., IJCAI 2017; Pattern Recognition 88, 2019). Spec wsol_methods, 3.13.
namespace camsweep {

// Of all positions of a class's images: their mean and the direction in which they spread most, (K) double. Undefined
// for a class without images, or with one descriptor everywhere.
struct ClassDirection {
  at::Tensor mean;
  at::Tensor direction;  // unit length; low on the frame of the class's images
};

// Sums over descriptors, from which a ClassDirection follows: the images need not be kept.
class DescriptorSums {
 public:
  explicit DescriptorSums(int64_t channels);
  void add(const at::Tensor& maps);  // (N, K, h, w)
  ClassDirection direction() const;
  int64_t channels() const { return packed_.size(1); }

  // As bytes for other ranks, with the same number of channels.
  std::string bytes() const;
  void add_bytes(const std::string& bytes);

 private:
  at::Tensor packed_;  // (K + 3, K): products, sum, sum over frames, counts of positions
};

// Of each class that the network knows, in one pass over the train split, class by class; `stage` as in
// MapOptions::layers, 0 for the last feature map. All ranks call it together and get the same. Throws as
// for_each_batch().
std::vector<ClassDirection> class_directions(JobContext& context, const AnalysisInput& input, int stage,
                                             PassProgress& progress);
// How many steps of progress it takes.
int64_t class_direction_steps(const AnalysisInput& input, const Collective& collective);

// The projection of each position of one image's map (K, h, w) double: (h, w), positive on what the class's images
// share. Zeros for a class without images.
at::Tensor ddt_map(const at::Tensor& features, const ClassDirection& of);

}  // namespace camsweep

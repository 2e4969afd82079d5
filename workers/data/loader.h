#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workers/data/augmentation.h"
#include "workers/data/dataset.h"

namespace camsweep {

struct LoaderOptions {
  int side = 224;  // images become side x side
  Normalization normalization = {};
  Augmentation augmentation = {};
  bool shuffle = false;    // by a permutation of (seed, epoch)
  bool drop_last = false;  // training drops its last incomplete batch
  uint64_t seed = 0;
  int batch = 32;  // images per step of the whole gang
  int rank = 0;
  int ranks = 1;           // batch is a multiple of it
  int threads = 1;         // decode threads of this rank
  size_t cache_bytes = 0;  // of decoded images that are kept for later epochs
};

// What CAMSWEEP_IMAGE_CACHE allows a rank, given in MiB; 0 where it is not set. Throws ConfigError.
size_t image_cache_bytes();

// This rank's share of one step: the rank's slice of the gang's batch, so that what a step sees depends neither on the
// number of ranks nor of threads.
struct Batch {
  at::Tensor images;            // (n, 3, side, side) float32, normalized; of signals (n, 1, length, 1)
  at::Tensor labels;            // (n) int64
  std::vector<size_t> samples;  // indices into the split
};

// Streams a split through a pool of decode threads. One epoch at a time; not thread-safe.
class Loader {
 public:
  Loader(const Dataset& dataset, Split split, const LoaderOptions& options);
  ~Loader();

  int64_t steps_per_epoch() const;
  // Starts (or restarts) an epoch at a step: a resumed job does not decode what it already saw.
  void start_epoch(int epoch, int64_t first_step = 0);
  // The next batch, or none at the end of the epoch. In an evaluation pass a rank may get an empty batch (n = 0) so
  // that all ranks take the same number of steps. Throws ImageError.
  std::optional<Batch> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Zeros for `count` samples of a data set: (count, 3, side, side), of signals (count, 1, length, 1).
at::Tensor zero_inputs(const Dataset& dataset, int64_t count, int side);

// One image as the loader's un-augmented path makes it: (3, side, side) float32, normalized.
at::Tensor to_input(const Image& image, int side, const Normalization& normalization);

// A signal as it is: (1, length, 1) float32.
at::Tensor to_input(const std::vector<float>& signal);

}  // namespace camsweep

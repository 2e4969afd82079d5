#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "workers/data/loader.h"

// What tests of the loader stream, and how they compare it.
namespace camsweep {

constexpr int kSide = 16;

// 22 training images of two classes: no batch of 4 or 6 divides them.
inline std::unique_ptr<Dataset> shapes() {
  return load_dataset({{"kind", "synth"}, {"classes", 2}, {"train", 11}, {"val", 1}, {"test", 5}, {"side", 24}});
}

inline LoaderOptions training(int batch) {
  return {.side = kSide,
          .normalization = {},
          .augmentation = {.crop = Augmentation::CropKind::kRandomResized,
                           .interpolation = Augmentation::Interpolation::kBicubic,
                           .flip = 0.5,
                           .rand_augment = RandAugmentOptions{},
                           .erasing = 0.5},
          .shuffle = true,
          .drop_last = true,
          .seed = 3,
          .batch = batch};
}

inline std::vector<Batch> rest_of_epoch(Loader& loader) {
  std::vector<Batch> batches;
  while (std::optional<Batch> batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

inline std::vector<Batch> epoch_of(const Dataset& dataset, const LoaderOptions& options, int epoch,
                                   int64_t first_step = 0) {
  Loader loader(dataset, Split::kTrain, options);
  loader.start_epoch(epoch, first_step);
  return rest_of_epoch(loader);
}

inline void expect_equal(const Batch& left, const Batch& right) {
  EXPECT_EQ(left.samples, right.samples);
  EXPECT_TRUE(at::equal(left.labels, right.labels));
  EXPECT_TRUE(at::equal(left.images, right.images));
}

}  // namespace camsweep

#include "workers/data/loader.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/workers/data/loader_batches.h"

namespace camsweep {
namespace {

TEST(LoaderTest, ABatchHoldsTheImagesOfItsSamples) {
  const auto dataset = shapes();
  LoaderOptions options{.side = kSide, .normalization = {}, .batch = 4};

  const std::vector<Batch> batches = epoch_of(*dataset, options, 0);

  ASSERT_EQ(batches.size(), 6u);
  EXPECT_EQ(batches[1].samples, (std::vector<size_t>{4, 5, 6, 7}));
  EXPECT_EQ(batches[1].images.sizes(), (at::IntArrayRef{4, 3, kSide, kSide}));
  const Sample& sample = dataset->samples(Split::kTrain)[6];
  EXPECT_EQ(batches[1].labels[2].item<int64_t>(), sample.label);
  EXPECT_TRUE(at::equal(batches[1].images[2], to_input(dataset->image(sample), kSide, options.normalization)));
}

TEST(LoaderTest, NormalizesToMeanAndDeviation) {
  const Image image{.width = 1, .height = 1, .rgb = {0, 51, 255}};
  const Normalization normalization{.mean = {0.5f, 0.1f, 0.0f}, .std = {0.25f, 0.5f, 2.0f}};

  const at::Tensor input = to_input(image, 1, normalization).flatten();

  EXPECT_FLOAT_EQ(input[0].item<float>(), -2.0f);
  EXPECT_FLOAT_EQ(input[1].item<float>(), 0.2f);
  EXPECT_FLOAT_EQ(input[2].item<float>(), 0.5f);
}

TEST(LoaderTest, DecodeThreadsLeaveTheNumberOfComputeThreadsAlone) {
  const auto dataset = shapes();
  int threads = 0;
  std::thread([&] {  // as in a new process: its first parallel operation comes after the loader's threads have started
    at::set_num_threads(3);
    LoaderOptions options = training(4);
    options.threads = 2;
    epoch_of(*dataset, options, 0);
    threads = at::get_num_threads();
  })
      .join();

  EXPECT_EQ(threads, 3);
}

TEST(LoaderTest, ThreadsChangeNothing) {
  const auto dataset = shapes();
  LoaderOptions options = training(4);
  const std::vector<Batch> expected = epoch_of(*dataset, options, 2);

  for (const int threads : {2, 5}) {
    options.threads = threads;
    const std::vector<Batch> batches = epoch_of(*dataset, options, 2);

    ASSERT_EQ(batches.size(), expected.size());
    for (size_t i = 0; i < batches.size(); ++i) expect_equal(batches[i], expected[i]);
  }
}

TEST(LoaderTest, RanksShareOutEachStepOfOneRank) {
  const auto dataset = shapes();
  LoaderOptions options = training(6);
  const std::vector<Batch> whole = epoch_of(*dataset, options, 1);
  ASSERT_EQ(whole.size(), 3u);

  options.ranks = 3;
  for (options.rank = 0; options.rank < 3; ++options.rank) {
    const std::vector<Batch> slices = epoch_of(*dataset, options, 1);

    ASSERT_EQ(slices.size(), whole.size());
    for (size_t step = 0; step < slices.size(); ++step) {
      EXPECT_TRUE(at::equal(slices[step].images, whole[step].images.narrow(0, 2 * options.rank, 2)));
      EXPECT_TRUE(at::equal(slices[step].labels, whole[step].labels.narrow(0, 2 * options.rank, 2)));
    }
  }
}

TEST(LoaderTest, AResumedEpochGoesOnAsIfNeverStopped) {
  const auto dataset = shapes();
  const std::vector<Batch> whole = epoch_of(*dataset, training(4), 5);

  const std::vector<Batch> resumed = epoch_of(*dataset, training(4), 5, /*first_step=*/2);

  ASSERT_EQ(resumed.size(), whole.size() - 2);
  for (size_t i = 0; i < resumed.size(); ++i) expect_equal(resumed[i], whole[i + 2]);
}

TEST(LoaderTest, AnEpochAbandonedMidwayLeavesNoTraceInTheNext) {
  const auto dataset = shapes();
  LoaderOptions options = training(4);
  options.threads = 3;
  const std::vector<Batch> expected = epoch_of(*dataset, options, 7);
  Loader loader(*dataset, Split::kTrain, options);
  loader.start_epoch(6);
  loader.next();

  loader.start_epoch(7);
  const std::vector<Batch> batches = rest_of_epoch(loader);

  ASSERT_EQ(batches.size(), expected.size());
  for (size_t i = 0; i < batches.size(); ++i) expect_equal(batches[i], expected[i]);
}

TEST(LoaderTest, EveryEpochHasItsOwnOrderAndAugmentation) {
  const auto dataset = shapes();
  LoaderOptions options = training(22);

  const Batch first = std::move(epoch_of(*dataset, options, 0).at(0));
  const Batch second = std::move(epoch_of(*dataset, options, 1).at(0));
  options.shuffle = false;
  const Batch unshuffled_first = std::move(epoch_of(*dataset, options, 0).at(0));
  const Batch unshuffled_second = std::move(epoch_of(*dataset, options, 1).at(0));

  EXPECT_NE(first.samples, second.samples);
  EXPECT_EQ(std::set<size_t>(first.samples.begin(), first.samples.end()).size(), 22u);
  EXPECT_FALSE(at::equal(unshuffled_first.images, unshuffled_second.images));
}

TEST(LoaderTest, TrainingDropsItsLastIncompleteBatch) {
  const auto dataset = shapes();
  Loader loader(*dataset, Split::kTrain, training(4));

  EXPECT_EQ(loader.steps_per_epoch(), 5);
  EXPECT_EQ(epoch_of(*dataset, training(4), 0).size(), 5u);
}

// 10 test images in steps of 4 on 2 ranks: the last step has two images for the first rank and none for the second.
TEST(LoaderTest, EvaluationUsesEveryImageOnceAndAllRanksTakeTheSameSteps) {
  const auto dataset = shapes();
  std::vector<size_t> seen;

  for (int rank = 0; rank < 2; ++rank) {
    Loader loader(*dataset, Split::kTest, {.side = kSide, .normalization = {}, .batch = 4, .rank = rank, .ranks = 2});
    loader.start_epoch(0);
    const std::vector<Batch> batches = rest_of_epoch(loader);

    ASSERT_EQ(batches.size(), 3u);
    EXPECT_EQ(loader.steps_per_epoch(), 3);
    EXPECT_EQ(batches[2].images.size(0), rank == 0 ? 2 : 0);
    EXPECT_EQ(batches[2].labels.size(0), rank == 0 ? 2 : 0);
    for (const Batch& batch : batches) seen.insert(seen.end(), batch.samples.begin(), batch.samples.end());
  }

  std::sort(seen.begin(), seen.end());
  std::vector<size_t> all(10);
  std::iota(all.begin(), all.end(), size_t{0});
  EXPECT_EQ(seen, all);
}

// Shapes, but the image with this index is damaged.
class DamagedDataset : public Dataset {
 public:
  explicit DamagedDataset(size_t damaged) : shapes_(shapes()) {
    splits_[0] = shapes_->samples(Split::kTrain);
    damaged_ = splits_[0].at(damaged).id;
    classes_ = shapes_->classes();
  }
  Image image(const Sample& sample) const override {
    if (sample.id == damaged_) throw ImageError(sample.id + ": the file ends early");
    return shapes_->image(sample);
  }

 private:
  std::unique_ptr<Dataset> shapes_;
  std::string damaged_;
};

TEST(LoaderTest, ADamagedImageIsThrownAtItsStepAndNotBefore) {
  const DamagedDataset dataset(9);

  for (const int threads : {1, 4}) {
    Loader loader(dataset, Split::kTrain, {.side = kSide, .normalization = {}, .batch = 4, .threads = threads});
    loader.start_epoch(0);
    EXPECT_EQ(loader.next()->samples.size(), 4u);
    EXPECT_EQ(loader.next()->samples.size(), 4u);

    try {
      loader.next();
      FAIL() << "nothing was thrown";
    } catch (const ImageError& error) {
      EXPECT_NE(std::string(error.what()).find("train/000009.png"), std::string::npos) << error.what();
    }
  }
}

TEST(LoaderTest, CanBeDroppedWhileItsThreadsWork) {
  const auto dataset = shapes();
  LoaderOptions options = training(4);
  options.threads = 4;
  for (int i = 0; i < 20; ++i) {
    Loader loader(*dataset, Split::kTrain, options);
    loader.start_epoch(i);
  }

  Loader after(*dataset, Split::kTrain, options);
  after.start_epoch(0);
  EXPECT_TRUE(after.next().has_value());
}

}  // namespace
}  // namespace camsweep

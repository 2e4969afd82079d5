// Which images a loader decodes, wholly or in part, and which it keeps.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/data/loader_batches.h"
#include "tests/workers/data/test_files.h"
#include "workers/data/jpeg.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Photographs' stand-ins on disk, of which later epochs decode crops alone.
TEST(LoaderImagesTest, EveryEpochSeesTheCropsOfWholeImages) {
  const TestFolder folder;
  const auto drawn = shapes();
  for (const Sample& sample : drawn->samples(Split::kTrain)) {
    make_directories(folder.path() / "train" / std::to_string(sample.label));
    write_jpeg(folder.path() / "train" / std::to_string(sample.label) / (fs::path(sample.id).stem().string() + ".jpg"),
               drawn->image(sample), 90);
  }
  const auto dataset = load_dataset({{"kind", "folder"}, {"root", folder.path().string()}});
  const LoaderOptions options = training(4);

  for (const int epoch : {0, 1, 2}) {
    for (const Batch& batch : epoch_of(*dataset, options, epoch)) {
      for (size_t i = 0; i < batch.samples.size(); ++i) {
        Random random(options.seed, Purpose::kAugmentation, static_cast<uint64_t>(epoch), batch.samples[i]);
        const Image whole = dataset->image(dataset->samples(Split::kTrain)[batch.samples[i]]);
        at::Tensor expected = at::empty({3, kSide, kSide});
        const Image seen = augment(whole, kSide, options.augmentation, options.normalization, random);
        normalize_into(seen, options.normalization, expected.data_ptr<float>());
        erase_and_hide(expected.data_ptr<float>(), kSide, options.augmentation, random);
        EXPECT_TRUE(at::equal(batch.images[static_cast<int64_t>(i)], expected)) << "epoch " << epoch;
      }
    }
  }
}

// Shapes that count how often they are drawn, wholly or in part.
class CountedDataset : public Dataset {
 public:
  CountedDataset() : shapes_(shapes()) {
    splits_[0] = shapes_->samples(Split::kTrain);
    classes_ = shapes_->classes();
  }
  Image image(const Sample& sample) const override {
    ++drawn;
    return shapes_->image(sample);
  }
  mutable std::atomic<int> drawn = 0;

 private:
  std::unique_ptr<Dataset> shapes_;
};

TEST(LoaderImagesTest, KeptImagesAreDecodedOnceAndSeenAsOthersAre) {
  const CountedDataset dataset;
  LoaderOptions options = training(2);
  const std::vector<Batch> expected = epoch_of(dataset, options, 2);
  options.cache_bytes = size_t{3} * 24 * 24 * 22;  // all of them
  options.threads = 3;
  Loader loader(dataset, Split::kTrain, options);
  dataset.drawn = 0;

  for (const int epoch : {0, 1, 2}) {
    loader.start_epoch(epoch);
    const std::vector<Batch> found = rest_of_epoch(loader);
    EXPECT_EQ(dataset.drawn, 22);
    if (epoch < 2) continue;
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) expect_equal(found[i], expected[i]);
  }
}

TEST(LoaderImagesTest, TheCachesSizeIsAWholeNumberOfMebibytes) {
  const auto bytes = [](const char* value) {
    ::setenv("CAMSWEEP_IMAGE_CACHE", value, 1);
    return image_cache_bytes();
  };

  EXPECT_EQ(bytes("3"), size_t{3} << 20);
  EXPECT_THROW(bytes("4G"), ConfigError);
  EXPECT_THROW(bytes("-1"), ConfigError);
  ::unsetenv("CAMSWEEP_IMAGE_CACHE");
  EXPECT_EQ(image_cache_bytes(), 0u);
}

TEST(LoaderImagesTest, KeepsNoMoreThanItMay) {
  const CountedDataset dataset;
  LoaderOptions options = training(2);
  options.cache_bytes = size_t{3} * 24 * 24 * 10 + 100;  // ten of 22
  Loader loader(dataset, Split::kTrain, options);
  loader.start_epoch(0);
  rest_of_epoch(loader);
  dataset.drawn = 0;

  loader.start_epoch(1);
  rest_of_epoch(loader);

  EXPECT_EQ(dataset.drawn, 12);
}

// A crop may miss what is damaged; the first epoch must not.
TEST(LoaderImagesTest, TheFirstEpochFindsDamageThatNoCropMeets) {
  const TestFolder folder;
  Image picture{.width = 64, .height = 64, .rgb = std::vector<uint8_t>(size_t{3} * 64 * 64, 90)};
  const std::string whole = encode_jpeg(picture, 90);
  folder.file("train/wren/damaged.jpg", whole.substr(0, whole.size() - 8));
  const auto dataset = load_dataset({{"kind", "folder"}, {"root", folder.path().string()}});
  LoaderOptions options = training(1);
  options.augmentation.least_area = 0.001;

  EXPECT_THROW(epoch_of(*dataset, options, 0), ImageError);
}

}  // namespace
}  // namespace camsweep

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "schemas/error.h"
#include "workers/data/dataset.h"
#include "workers/data/loader.h"

namespace camsweep {
namespace {

const Json kSpec = {{"kind", "signals"}, {"train", 300}, {"test", 20}};

TEST(SignalsDatasetTest, HasTwoClassesOfTheProtocolsCounts) {
  const auto dataset = load_dataset({{"kind", "signals"}});

  EXPECT_EQ(dataset->samples(Split::kTrain).size(), 22'400u);
  EXPECT_EQ(dataset->samples(Split::kTest).size(), 9'600u);
  EXPECT_EQ(dataset->classes(), 2);
  EXPECT_EQ(dataset->signal_length(), 100);
}

TEST(SignalsDatasetTest, ASignalDependsOnSeedSplitAndIndexAlone) {
  const auto dataset = load_dataset(kSpec);
  Json larger = kSpec;
  larger["train"] = 400;
  Json other_seed = kSpec;
  other_seed["seed"] = 1;
  const Sample& sample = dataset->samples(Split::kTrain)[7];

  EXPECT_EQ(load_dataset(larger)->signal(sample), dataset->signal(sample));
  EXPECT_NE(load_dataset(other_seed)->signal(sample), dataset->signal(sample));
  EXPECT_NE(dataset->signal(dataset->samples(Split::kTest)[7]), dataset->signal(sample));
}

// A sine of two periods solves x[t - 1] + x[t + 1] = 2 cos(2 pi 2 / 100) x[t]: what is left over is the noise.
TEST(SignalsDatasetTest, NoiseStandsOnItsSegmentAloneWithItsDeviation) {
  const auto dataset = load_dataset(kSpec);
  const double factor = 2 * std::cos(2 * M_PI * 2 / 100);
  std::set<int> places;
  double squares = 0, values = 0;
  for (const Sample& sample : dataset->samples(Split::kTrain)) {
    const std::vector<float> signal = dataset->signal(sample);
    ASSERT_EQ(signal.size(), 100u);
    ASSERT_EQ(sample.boxes.size(), sample.label == 1 ? 1u : 0u);
    const Box segment = sample.boxes.empty() ? Box{0, 200, 0, 200} : sample.boxes[0];
    if (sample.label == 1) {
      EXPECT_EQ(segment.y1 - segment.y0, 19);
      places.insert(segment.y0);
    }
    for (int t = 1; t < 99; ++t) {
      const auto at = [&](int index) { return static_cast<double>(signal[static_cast<size_t>(index)]); };
      const double left_over = at(t - 1) + at(t + 1) - factor * at(t);
      const bool clean = t + 1 < segment.y0 || t - 1 > segment.y1;
      if (clean) {
        ASSERT_NEAR(left_over, 0, 1e-6) << sample.id << ' ' << t;  // float32
      } else if (t - 1 >= segment.y0 && t + 1 <= segment.y1) {
        squares += left_over * left_over;
        ++values;
      }
    }
  }
  // 0.09 (1 + 1 + factor^2); 300 x 18 correlated values: within 5 %.
  EXPECT_NEAR(squares / values, 0.09 * (2 + factor * factor), 0.05 * 0.09 * (2 + factor * factor));
  EXPECT_GE(*places.begin(), 0);
  EXPECT_LE(*places.rbegin(), 80);
  EXPECT_GT(places.size(), 70u);  // of 81, drawn 300 times
}

TEST(SignalsDatasetTest, TheSegmentIsNoLongerThanTheSignal) {
  EXPECT_THROW(load_dataset({{"kind", "signals"}, {"length", 16}, {"segment", 17}}), ConfigError);
}

TEST(SignalsDatasetTest, TheLoaderGivesSignalsAsTheyAre) {
  const auto dataset = load_dataset(kSpec);
  Loader loader(*dataset, Split::kTest, {.side = 100, .batch = 8, .threads = 2});
  loader.start_epoch(0);

  const Batch batch = *loader.next();

  ASSERT_EQ(batch.images.sizes(), at::IntArrayRef({8, 1, 100, 1}));
  const std::vector<float> third = dataset->signal(dataset->samples(Split::kTest)[2]);
  const float* row = batch.images[2].const_data_ptr<float>();
  EXPECT_EQ(std::vector<float>(row, row + 100), third);
}

}  // namespace
}  // namespace camsweep

#include "workers/data/resize_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace camsweep {
namespace {

// Random weights that sum to one, negative ones among them, for `size` samples of a row of `in` pixels.
AxisWeights random_axis(std::mt19937& random, size_t size, int in, size_t taps) {
  AxisWeights axis;
  axis.taps = taps;
  for (size_t x = 0; x < size; ++x) {
    axis.first.push_back(static_cast<int>(random() % static_cast<size_t>(std::max(1, in - static_cast<int>(taps)))));
    int32_t rest = 1 << kResizeBits;
    for (size_t k = 0; k + 1 < taps; ++k) {
      axis.weights.push_back(static_cast<int32_t>(random() % (1U << kResizeBits)) - (1 << (kResizeBits - 2)));
      rest -= axis.weights.back();
    }
    axis.weights.push_back(std::clamp(rest, -(1 << kResizeBits), 1 << (kResizeBits + 1)));
  }
  split_weights(axis);
  return axis;
}

class ResizeKernelsTest : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    const auto sets = instruction_sets();
    if (std::find(sets.begin(), sets.end(), GetParam()) == sets.end()) {
      GTEST_SKIP() << "this processor lacks " << to_string(GetParam());
    }
  }
  std::mt19937 random_{5};
};

TEST_P(ResizeKernelsTest, RowsEqualThoseOfPlainCode) {
  constexpr int kIn = 61;
  std::vector<uint8_t> rows[2];
  for (auto& row : rows) {
    row.resize(3 * kIn + 64);
    std::generate(row.begin(), row.end(), [&] { return static_cast<uint8_t>(random_()); });
  }
  for (const size_t taps : {4U, 8U, 12U}) {
    const AxisWeights axis = random_axis(random_, 37, kIn, taps);
    std::vector<uint8_t> expected[2], found[2];
    for (int i = 0; i < 2; ++i) expected[i].resize(3 * 37), found[i].resize(3 * 37);
    const uint8_t* from[] = {rows[0].data(), rows[1].data()};
    uint8_t* plain[] = {expected[0].data(), expected[1].data()};
    uint8_t* fast[] = {found[0].data(), found[1].data()};

    resize_kernels(InstructionSet::kGeneric).horizontal(from, axis, plain);
    resize_kernels(GetParam()).horizontal(from, axis, fast);

    EXPECT_EQ(found[0], expected[0]) << taps;
    EXPECT_EQ(found[1], expected[1]) << taps;
  }
}

TEST_P(ResizeKernelsTest, ColumnsEqualThoseOfPlainCode) {
  for (const size_t count : {1U, 15U, 16U, 50U, 675U}) {
    std::vector<std::vector<uint8_t>> rows(8, std::vector<uint8_t>(count));
    std::vector<const uint8_t*> pointers;
    for (auto& row : rows) {
      std::generate(row.begin(), row.end(), [&] { return static_cast<uint8_t>(random_()); });
      pointers.push_back(row.data());
    }
    const AxisWeights axis = random_axis(random_, 3, 8, 8);
    std::vector<uint8_t> expected(count), found(count);

    resize_kernels(InstructionSet::kGeneric).vertical(pointers.data(), axis, 2, count, expected.data());
    resize_kernels(GetParam()).vertical(pointers.data(), axis, 2, count, found.data());

    EXPECT_EQ(found, expected) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ResizeKernelsTest,
                         testing::Values(InstructionSet::kGeneric, InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& set) { return std::string(to_string(set.param)); });

}  // namespace
}  // namespace camsweep

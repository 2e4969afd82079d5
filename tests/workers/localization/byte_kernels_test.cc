#include "workers/localization/byte_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace camsweep {
namespace {

// Each set against the plain one, on rows with readable bytes around them.
class ByteKernelsTest : public testing::TestWithParam<InstructionSet> {
 protected:
  static constexpr size_t kChunks = 3;
  static constexpr int kLanes = kChunks * kChunk;

  void SetUp() override {
    const std::vector<InstructionSet> present = instruction_sets();
    if (std::find(present.begin(), present.end(), GetParam()) == present.end()) {
      GTEST_SKIP() << "this processor has no " << to_string(GetParam());
    }
  }

  // A row, from lane 0 on, of levels below `levels`.
  const uint8_t* row(int levels) {
    std::vector<uint8_t>& bytes = rows_.emplace_back(kLanes + 2 * kChunk);
    std::uniform_int_distribution level(0, levels - 1);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(level(random_) * 255 / std::max(1, levels - 1));
    return bytes.data() + kChunk;
  }

  const ByteKernels& plain_ = byte_kernels(InstructionSet::kGeneric);
  std::mt19937 random_{23};
  std::vector<std::vector<uint8_t>> rows_;
};

TEST_P(ByteKernelsTest, TurnsAreThePlainOnes) {
  const ByteKernels& kernels = byte_kernels(GetParam());
  for (const int levels : {2, 3, 256}) {
    const uint8_t* bytes = row(levels);
    std::vector<uint64_t> rises(kChunks), falls(kChunks), plain_rises(kChunks), plain_falls(kChunks);

    kernels.turns(bytes, kChunks, rises.data(), falls.data());
    plain_.turns(bytes, kChunks, plain_rises.data(), plain_falls.data());

    EXPECT_EQ(rises, plain_rises);
    EXPECT_EQ(falls, plain_falls);
  }
}

TEST_P(ByteKernelsTest, FirstNotAboveIsThePlainOne) {
  const ByteKernels& kernels = byte_kernels(GetParam());
  const std::vector<uint8_t> high(kLanes + kChunk, 200);
  for (int place = 0; place <= kLanes; ++place) {
    std::vector<uint8_t> low(kLanes + kChunk, 100);
    low[static_cast<size_t>(place)] = 200;
    for (const int count : {0, 1, place, std::min(place + 1, kLanes), kLanes}) {
      EXPECT_EQ(kernels.first_not_above(high.data(), low.data(), count),
                plain_.first_not_above(high.data(), low.data(), count));
    }
  }
}

TEST_P(ByteKernelsTest, RaisedLanesAreThePlainOnesAndNoOthersChange) {
  const ByteKernels& kernels = byte_kernels(GetParam());
  for (int count = 0; count <= kLanes; count += 7) {
    const uint8_t* by = row(256);
    const uint8_t* before = row(256);
    std::vector<uint8_t> lanes(before - kChunk, before + kLanes + kChunk), plain = lanes;

    kernels.raise_range(lanes.data() + kChunk, by, count);
    plain_.raise_range(plain.data() + kChunk, by, count);
    EXPECT_EQ(lanes, plain) << count;

    kernels.raise(lanes.data() + kChunk, by, kChunks);
    plain_.raise(plain.data() + kChunk, by, kChunks);
    EXPECT_EQ(lanes, plain);
  }
}

TEST_P(ByteKernelsTest, SpansAreThePlainOnes) {
  const ByteKernels& kernels = byte_kernels(GetParam());
  for (int i = 0; i < 200; ++i) {
    const uint8_t* lanes = row(i % 2 == 0 ? 256 : 3);
    const int top = *std::max_element(lanes, lanes + kLanes);
    const int low = std::uniform_int_distribution(0, top - 1)(random_);
    std::vector<LaneSpan> spans(256), plain(256);

    kernels.spans(lanes, kChunks, low, top - 1, spans.data());
    plain_.spans(lanes, kChunks, low, top - 1, plain.data());

    for (size_t at = 0; at < static_cast<size_t>(top - low); ++at) {
      EXPECT_EQ(spans[at].first, plain[at].first);
      EXPECT_EQ(spans[at].last, plain[at].last);
    }
  }
}

TEST_P(ByteKernelsTest, SquaresHaveTheirThirdAndLeastValue) {
  const ByteKernels& kernels = byte_kernels(GetParam());
  const uint8_t* upper = row(256);
  const uint8_t* lower = row(256);
  std::vector<uint8_t> third(kLanes), least(kLanes);

  kernels.squares(upper, lower, kChunks, third.data(), least.data());

  for (size_t x = 0; x < third.size(); ++x) {
    std::array<uint8_t, 4> square = {*(upper + x - 1), upper[x], *(lower + x - 1), lower[x]};
    std::sort(square.begin(), square.end());
    EXPECT_EQ(third[x], square[1]);
    EXPECT_EQ(least[x], square[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ByteKernelsTest,
                         testing::Values(InstructionSet::kGeneric, InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace camsweep

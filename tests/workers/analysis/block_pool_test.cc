#include "workers/analysis/block_pool.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>

namespace camsweep {
namespace {

constexpr int64_t kMega = int64_t{1} << 20;

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

at::Tensor written(int64_t bytes) { return at::ones({bytes}, at::kByte); }

TEST(BlockPoolTest, ABlockGoesToTheNextTensorOfItsSize) {
  const BlockPool pool;
  at::Tensor first = written(8 * kMega);
  const void* block = first.data_ptr();
  first.reset();

  const at::Tensor same = written(8 * kMega), other = written(8 * kMega);

  EXPECT_EQ(same.data_ptr(), block);
  EXPECT_NE(other.data_ptr(), block);
  EXPECT_EQ(same.sum().item<int64_t>(), 8 * kMega);
}

TEST(BlockPoolTest, BlocksTogetherAreNoMoreThanWasInUseAtOnce) {
  const BlockPool pool;
  const double before = resident_mb();
  for (int64_t i = 40; i < 60; ++i) written(i * kMega);

  EXPECT_LT(resident_mb() - before, 1.1 * 60 * kMega / 1e6);
}

TEST(BlockPoolTest, TensorsOutliveIt) {
  at::Tensor tensor;
  const double before = resident_mb();
  {
    const BlockPool pool;
    tensor = written(32 * kMega);
    written(16 * kMega);
  }

  EXPECT_EQ(tensor.sum().item<int64_t>(), 32 * kMega);
  tensor.reset();
  EXPECT_LT(resident_mb() - before, 8);
}

}  // namespace
}  // namespace camsweep

#include "workers/kernels/correlation.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(GroupWidthTest, IsTheOneWithTheLeastWork) {
  EXPECT_EQ(group_width(56, 11), 8);   // 7 x 8 = 56
  EXPECT_EQ(group_width(56, 24), 14);  // 4 x 14 = 56
  EXPECT_EQ(group_width(31, 11), 8);   // 4 x 8 = 32, 3 x 11 = 33
  EXPECT_EQ(group_width(13, 11), 8);   // twice eight, and so is 7, which waits
  EXPECT_EQ(group_width(13, 24), 13);
  EXPECT_EQ(group_width(7, 11), 7);
  EXPECT_EQ(group_width(3, 24), 3);
  EXPECT_EQ(group_width(1, 24), 1);
}

TEST(CorrelationKernelsTest, EverySetHasOneForEveryWidth) {
  for (const InstructionSet set : instruction_sets()) {
    const CorrelationKernels& kernels = correlation_kernels(set);
    for (int64_t width = 1; width <= kernels.widest; ++width) {
      EXPECT_NE(kernels.of_width[static_cast<size_t>(width)], nullptr) << to_string(set) << ' ' << width;
    }
  }
}

}  // namespace
}  // namespace camsweep

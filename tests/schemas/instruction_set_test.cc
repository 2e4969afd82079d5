#include "schemas/instruction_set.h"

#include <gtest/gtest.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

TEST(InstructionSetsTest, SetsThatAreThereHaveNamesAndOthersAreRefused) {
  EXPECT_EQ(instruction_sets().front(), InstructionSet::kGeneric);
  for (const InstructionSet set : instruction_sets()) EXPECT_EQ(instruction_set(to_string(set)), set);
  EXPECT_THROW(instruction_set("sse9"), ConfigError);
}

}  // namespace
}  // namespace camsweep

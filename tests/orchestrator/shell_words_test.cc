#include "orchestrator/shell_words.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(ShellWordsTest, OnlyWhatAShellWouldReadOtherwiseIsQuoted) {
  EXPECT_EQ(shell_line({"camsweep", "run", "my sweeps/a.yaml", "lr=1e-3", "--only", "backbone=convnext_*"}),
            "camsweep run 'my sweeps/a.yaml' lr=1e-3 --only 'backbone=convnext_*'");
  EXPECT_EQ(shell_line({"it's", "", "$HOME"}), "'it'\\''s' '' '$HOME'");
}

}  // namespace
}  // namespace camsweep

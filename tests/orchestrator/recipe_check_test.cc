#include "orchestrator/recipe_check.h"

#include <gtest/gtest.h>

#include <string>

#include "orchestrator/plan.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

class RecipeCheckTest : public testing::Test {
 protected:
  Plan plan(const std::string& defaults, const std::string& kind = "synth") {
    write_file(own_.path / "x.yaml", "sweep: s\ndataset: {kind: " + kind +
                                         "}\ndefaults: {resolution: 96, epochs: 4}\nmatrix: {" + defaults + "}\n");
    return make_plan(own_.path / "x.yaml", {});
  }
  // Without the file and the cell.
  std::string problem(const std::string& defaults, const std::string& kind = "synth") {
    try {
      plan(defaults, kind);
    } catch (const ConfigError& error) {
      const std::string text = error.what();
      return text.substr(text.find(": ") + 2, text.find(" (cell") - text.find(": ") - 2);
    }
    return "none";
  }

  const PlanScratch own_{"recipe-check"};
};

TEST_F(RecipeCheckTest, EveryRecipeFitsWithAndWithoutItsAugmentation) {
  for (const char* recipe : {"cam-back-again", "replknet-official", "convnext-official", "slak", "wsol-2020"}) {
    EXPECT_EQ(problem(std::string("backbone: resnet18, augmentation: [true, false], recipe: ") + recipe), "none");
  }
}

TEST_F(RecipeCheckTest, CellsTakeTheFieldsOfTheirOwnRecipe) {
  const Plan made = plan("backbone: resnet18, augmentation: false, recipe: [cam-back-again, wsol-2020]");

  ASSERT_EQ(made.cells.size(), 2u);
  EXPECT_EQ(made.cells[0].parameters.at("optimizer"), "adamw");
  EXPECT_EQ(made.cells[1].parameters.at("optimizer"), "sgd");
  EXPECT_EQ(made.cells[1].parameters.at("head_lr"), 10);
}

TEST_F(RecipeCheckTest, BatchesMustFitGangAndParts) {
  EXPECT_EQ(problem("backbone: resnet18, batch: 32, gang: 2, micro_batches: 3"),
            "batch 32 is no multiple of gang 2 times micro_batches 3");
  EXPECT_EQ(problem("backbone: resnet18, batch: 6, gang: 2"), "none");
}

TEST_F(RecipeCheckTest, WeightsThatCountMustBeThere) {
  EXPECT_EQ(problem("backbone: resnet18, weights: ema"),
            "weights is ema, but ema is 0; allowed: a decay above 0, like 0.9999");
  EXPECT_EQ(problem("backbone: resnet18, weights: best"),
            "weights is best, but select_on is none; allowed: val, or test where that is meant");
  EXPECT_EQ(problem("backbone: resnet18, weights: best, select_on: val"), "none");
}

TEST_F(RecipeCheckTest, MethodsNeedBlocksToStepInBehind) {
  EXPECT_EQ(problem("backbone: vgg16_gap, wsol_method: adl"),
            "wsol_method is adl, but vgg16_gap has no residual blocks to step in behind; allowed: resnet, convnext, "
            "replknet, slak and hornet");
  EXPECT_EQ(problem("backbone: replknet_nano, wsol_method: [adl, spg, bridgegap]"), "none");
}

TEST_F(RecipeCheckTest, AcolReplacesTheHeadOfAnyNetworkForImages) {
  EXPECT_EQ(problem("backbone: [resnet18, vgg16_gap, vgg16], wsol_method: acol"), "none");
  EXPECT_EQ(problem("backbone: signal_cnn, resolution: 100, augmentation: false, wsol_method: acol", "signals"),
            "wsol_method is acol, which is for images, but signal_cnn takes signals");
}

TEST_F(RecipeCheckTest, SignalsTakeNothingThatChangesImages) {
  const std::string signals = "backbone: signal_cnn, resolution: 100, augmentation: false, ";

  EXPECT_EQ(problem(signals + "mixup: 0.2", "signals"), "none");
  EXPECT_EQ(problem(signals + "flip: 0.5", "signals"), "flip is 0.5, but it changes images; signals take 0");
  EXPECT_EQ(problem(signals + "crop: random", "signals"), "crop is random, but it changes images; signals take warp");
  EXPECT_EQ(problem(signals + "hide: 16", "signals"), "hide is 16, but it changes images; signals take 0");
}

}  // namespace
}  // namespace camsweep

#include "schemas/recipes.h"

#include <gtest/gtest.h>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/recipe_fields.h"

namespace camsweep {
namespace {

std::string text_of(const std::string& name) {
  return read_file(std::string(CAMSWEEP_SOURCE_DIR "/experiments/recipes/") + name + ".yaml");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string problem_of(const std::string& text) {
  try {
    read_recipe(text, "mine");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(RecipesTest, EveryRecipeGivesEveryFieldAValueThatItCanTake) {
  for (const std::string& name : recipe_names()) {
    for (const bool augmentation : {false, true}) {
      const Json values = recipe_values(find_recipe(name), augmentation);
      EXPECT_EQ(values.size(), recipe_fields().size()) << name;
      for (const auto& [field, value] : values.items()) {
        EXPECT_EQ(parameter_problem(*find_parameter(field), value), std::nullopt) << name << " " << field;
      }
    }
  }
}

// The numbers that the sources publish.
TEST(RecipesTest, HoldTheirSourcesNumbers) {
  const Json ours = recipe_values(find_recipe("cam-back-again"), true);
  EXPECT_EQ(ours.at("lr"), 1e-5);
  EXPECT_EQ(ours.at("weight_decay"), 5e-4);
  EXPECT_EQ(ours.at("mixup"), 0.8);
  EXPECT_EQ(ours.at("rand_augment"), "rand-m9-mstd0.5-inc1");
  const Json replknet = recipe_values(find_recipe("replknet-official"), true);
  EXPECT_EQ(replknet.at("lr"), 4e-4 * 32 / 1024);
  EXPECT_EQ(replknet.at("layer_decay"), 0.7);
  EXPECT_EQ(replknet.at("drop_path"), 0.8);
  EXPECT_EQ(replknet.at("mixup"), 0);
  const Json convnext = recipe_values(find_recipe("convnext-official"), true);
  EXPECT_EQ(convnext.at("lr"), 5e-5 * 32 / 512);
  EXPECT_EQ(convnext.at("head_init_scale"), 0.001);
  const Json slak = recipe_values(find_recipe("slak"), true);
  EXPECT_EQ(slak.at("lr"), 4e-3 * 32 / 4096);
  EXPECT_EQ(slak.at("sparsity"), "train");
  const Json wsol = recipe_values(find_recipe("wsol-2020"), true);
  EXPECT_EQ(wsol.at("optimizer"), "sgd");
  EXPECT_EQ(wsol.at("head_lr"), 10);
  EXPECT_EQ(wsol.at("crop"), "random");
}

TEST(RecipesTest, WithoutAugmentationItsFieldsAreOff) {
  const Json values = recipe_values(find_recipe("cam-back-again"), false);

  EXPECT_EQ(values.at("crop"), "warp");
  EXPECT_EQ(values.at("interpolation"), "bilinear");
  EXPECT_EQ(values.at("rand_augment"), "none");
  for (const char* field : {"flip", "random_erasing", "mixup", "cutmix", "label_smoothing"}) {
    EXPECT_EQ(values.at(field), 0) << field;
  }
}

TEST(RecipesTest, MistakesAreNamedWithTheirPlace) {
  const std::string good = text_of("cam-back-again");

  EXPECT_EQ(problem_of(good), "none");
  EXPECT_NE(problem_of(replaced(good, "lr: 1.0e-5", "lr: fast"))
                .find("experiments/recipes/mine.yaml:8:7: training.lr: found 'fast', expected a number from 0 to 1000"),
            std::string::npos)
      << problem_of(replaced(good, "lr: 1.0e-5", "lr: fast"));
  EXPECT_NE(problem_of(replaced(good, "  flip: 0.5\n", "")).find("the field 'flip' is missing"), std::string::npos);
  EXPECT_NE(problem_of(replaced(good, "flip: 0.5", "flop: 0.5")).find("augmentation.flop: no field of a recipe"),
            std::string::npos);
  EXPECT_NE(problem_of(replaced(good, "flip: 0.5", "flip: 0.5\n  lr: 1"))
                .find("augmentation.lr: no field of a recipe, "
                      "or the second of its name"),
            std::string::npos);
}

}  // namespace
}  // namespace camsweep

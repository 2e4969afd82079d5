#include "orchestrator/expansion.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "schemas/error.h"
#include "schemas/sweep_loader.h"

namespace camsweep {
namespace {

constexpr const char* kHead =
    "sweep: s\ndataset: {kind: synth}\ndefaults: {backbone: resnet50, resolution: 96, epochs: 1}\n";

// An expansion that outlives its sweep.
struct Expanded {
  std::vector<RuleCount> rules;
  std::vector<Json> cells;
  std::vector<std::string> notes;
};

Expanded expanded_file(const std::string& text, const ExpansionOptions& options = {}) {
  const SweepSpec sweep = read_sweep(text, "x.yaml");
  const Expansion expansion = expand(sweep, options);
  Expanded result{expansion.rules, {}, expansion.notes};
  for (const Row& cell : expansion.cells) result.cells.push_back(cell_parameters(cell));
  return result;
}

Expanded expanded(const std::string& rest, const ExpansionOptions& options = {}) {
  return expanded_file(kHead + rest, options);
}

std::string error_of(const std::string& rest) {
  try {
    expanded(rest);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

// The values of two parameters in every cell, in order.
std::vector<std::pair<Json, Json>> pairs(const Expanded& expansion, const char* a, const char* b) {
  std::vector<std::pair<Json, Json>> result;
  for (const Json& cell : expansion.cells) result.emplace_back(cell.at(a), cell.at(b));
  return result;
}

using Pairs = std::vector<std::pair<Json, Json>>;

TEST(ExpansionTest, ListsAreMultipliedAndTheLastParameterVariesFastest) {
  const Expanded expansion = expanded("matrix: {batch: [8, 16], epochs: [1, 2]}\n");

  EXPECT_EQ(pairs(expansion, "epochs", "batch"), (Pairs{{1, 8}, {1, 16}, {2, 8}, {2, 16}}));
}

TEST(ExpansionTest, ValuesOfAMapBringTheirOwnAxes) {
  const Expanded expansion =
      expanded("matrix: {backbone: {resnet18: {resolution: [64, 96]}, resnet50: {resolution: 128}, resnet34: {}}}\n");

  EXPECT_EQ(pairs(expansion, "backbone", "resolution"),
            (Pairs{{"resnet18", 64}, {"resnet18", 96}, {"resnet34", 96}, {"resnet50", 128}}));
}

TEST(ExpansionTest, TiedAxesAdvanceTogether) {
  const Expanded expansion = expanded("matrix: {resolution: [64, 96], batch: [16, 8]}\nzip: [[resolution, batch]]\n");

  EXPECT_EQ(pairs(expansion, "resolution", "batch"), (Pairs{{64, 16}, {96, 8}}));
}

TEST(ExpansionTest, RulesAreCountedInTheirFixedOrder) {
  const Expanded expansion = expanded(R"(
set: [{when: {batch: [8, 32]}, gang: 2}]
include: [{epochs: [5, 6], batch: 32}]
exclude: [{epochs: 2, batch: 16}, {epochs: 9, optional: true}]
matrix: {epochs: [1, 2], batch: [8, 16]}
)");

  ASSERT_EQ(expansion.rules.size(), 5u);
  EXPECT_EQ(expansion.rules[0].cells, 4u);
  EXPECT_EQ(expansion.rules[1].cells, 3u);
  EXPECT_EQ(expansion.rules[2].touched, 0u);
  EXPECT_EQ(expansion.rules[3].rule, "include[0]");
  EXPECT_EQ(expansion.rules[3].cells, 5u);
  EXPECT_EQ(expansion.rules[4].touched, 4u);
}

TEST(ExpansionTest, RulesMatchDefaultsToo) {
  EXPECT_EQ(expanded("matrix: {epochs: [1, 2]}\nexclude: [{epochs: 1, heatmap: official, lr: 1e-5}]\n").cells.size(),
            1u);
}

TEST(ExpansionTest, RulesWithoutEffectAreErrorsAtTheirPlace) {
  EXPECT_EQ(error_of("matrix: {epochs: [1, 2]}\nexclude: [{epochs: 3}]\n"),
            "x.yaml:5:11: exclude[0]: this rule matches no cell; correct it, or give it `optional: true`");
  EXPECT_EQ(error_of("matrix: {epochs: [1, 2]}\nset: [{when: {epochs: 3}, gang: 2}]\n"),
            "x.yaml:5:7: set[0]: this rule matches no cell; correct it, or give it `optional: true`");
  EXPECT_EQ(error_of("matrix: {epochs: [1, 2]}\ninclude: [{epochs: 2}]\n"),
            "x.yaml:5:11: include[0]: this cell is already there; remove the entry, or give it `optional: true`");
}

TEST(ExpansionTest, AnIncludeGivesEveryAxisOfItsBackbone) {
  const std::string matrix = "matrix: {backbone: {resnet18: {resolution: [64, 96]}, resnet50: {}}, epochs: [1, 2]}\n";

  EXPECT_EQ(error_of(matrix + "include: [{backbone: resnet18, epochs: 5}]\n"),
            "x.yaml:5:11: include: 'resolution' is missing: a cell gives every axis of its backbone");
  EXPECT_EQ(expanded(matrix + "include: [{backbone: resnet50, epochs: 5}]\n").cells.back().at("resolution"), 96);
}

TEST(ExpansionTest, DerivedParametersAreComputedInTheOrderOfTheirNeeds) {
  const Expanded expansion = expanded(
      "matrix: {batch: [16, 64]}\nderive: {min_lr: lr / 10, lr: 0.001 * batch / 16, gang: 'batch > 32 ? 2 : 1'}\n");

  EXPECT_EQ(pairs(expansion, "lr", "min_lr"), (Pairs{{0.001, 0.0001}, {0.004, 0.0004}}));
  EXPECT_EQ(expansion.cells[1].at("gang"), 2);
}

TEST(ExpansionTest, DerivationsThatFailSayWhere) {
  EXPECT_EQ(error_of("matrix: {}\nderive: {lr: min_lr * 2, min_lr: lr}\n"),
            "x.yaml:5:14: derive.lr: a cycle: lr, min_lr need each other");
  EXPECT_EQ(error_of("matrix: {}\nderive: {lr: btach * 2}\n"),
            "x.yaml:5:14: derive.lr: found 'btach', expected a parameter");
  EXPECT_EQ(error_of("matrix: {}\nderive: {lr: 1 / (batch - 32)}\n"),
            "x.yaml:5:14: derive.lr: division by zero in '1 / (batch - 32)'");
  EXPECT_EQ(
      error_of("matrix: {}\nderive: {epochs: batch / 64}\n"),
      "x.yaml:5:18: derive.epochs: found 0.5, expected an integer from 0 to 100000 as the result of 'batch / 64'");
}

TEST(ExpansionTest, RecipeFieldsFollowTheAugmentationOfTheCell) {
  const Expanded expansion = expanded("matrix: {augmentation: [true, false]}\n");

  EXPECT_EQ(pairs(expansion, "augmentation", "label_smoothing"), (Pairs{{true, 0.1}, {false, 0}}));
}

TEST(ExpansionTest, BatchIsAMultipleOfTheGang) {
  EXPECT_EQ(error_of("matrix: {gang: [2, 3]}\n"), "x.yaml: batch 32 is no multiple of gang 3 in the cell gang=3");
}

TEST(ExpansionTest, EveryCellHasAllParameters) {
  const std::string head = "sweep: s\ndataset: {kind: synth}\nmatrix: {backbone: resnet50, ";

  EXPECT_EQ(expanded_file(head + "epochs: 1, resolution: 96}\n").cells.size(), 1u);
  EXPECT_THROW(expanded_file(head + "epochs: 1}\n"), ConfigError);
}

TEST(ExpansionTest, OnlyKeepsCellsThatMatchEveryPattern) {
  const std::string matrix = "matrix: {backbone: [resnet18, resnet50, convnext_tiny], epochs: [1, 10]}\n";

  EXPECT_EQ(expanded(matrix, {.only = {"backbone=resnet*", "epochs=10"}}).cells.size(), 2u);
  EXPECT_THROW(expanded(matrix, {.only = {"backbone=vgg*"}}), ConfigError);
  EXPECT_THROW(expanded(matrix, {.only = {"bakcbone=vgg*"}}), ConfigError);
}

TEST(ExpansionTest, SizesBeyond64BitsAreCountedBeforeExpansion) {
  const std::string axis = "{range: [1, 50000, 1]}";
  const std::string error = error_of("matrix: {epochs: " + axis + ", batch: " + axis + ", warmup_epochs: " + axis +
                                     ", lr: {range: [0.001, 50, 0.001]}, drop_path: {range: [0.0001, 0.5, 0.0001]}}\n");

  EXPECT_EQ(error,
            "x.yaml: the matrix has 3.12e+22 cells, times 1 seeds = 3.12e+22 jobs of one stage; allowed are 100000 "
            "(limits: {max_jobs: N} raises it)");
}

TEST(ExpansionTest, TheLimitCountsSeedsAndCanBeRaised) {
  EXPECT_NE(error_of("matrix: {epochs: {range: [1, 101, 1]}}\nreplicates: 1000\n"), "no error");
  EXPECT_EQ(
      expanded("matrix: {epochs: {range: [1, 101, 1]}}\nreplicates: 1000\nlimits: {max_jobs: 101000}\n").cells.size(),
      101u);
}

// A small random grid over three parameters, as a file and as a naive reference.
struct Grid {
  std::vector<int> epochs, batch, resolution;
  int excluded_epoch, excluded_batch;
};

Grid any_grid() {
  // Different values in any order.
  const auto values = [](int low, int high) {
    std::vector<int> list;
    for (const int value : *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(low, high)))) {
      if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
    }
    return list;
  };
  return {values(1, 6), values(1, 6), values(8, 14), *rc::gen::inRange(1, 6), *rc::gen::inRange(1, 6)};
}

std::string yaml_of(const Grid& grid, const std::vector<int>& key_order) {
  const std::vector<std::string> keys = {"epochs: " + Json(grid.epochs).dump(), "batch: " + Json(grid.batch).dump(),
                                         "resolution: " + Json(grid.resolution).dump()};
  std::string text = "matrix:\n";
  for (const int key : key_order) text += "  " + keys[static_cast<size_t>(key)] + "\n";
  return text + "exclude: [{batch: " + std::to_string(grid.excluded_batch) +
         ", epochs: " + std::to_string(grid.excluded_epoch) + ", optional: true}]\n" +
         "include: [{epochs: 50, batch: 50, resolution: 50}]\n";
}

TEST(ExpansionTest, EqualsTheNaiveProductFilteredAndExtended) {
  EXPECT_TRUE(rc::check([] {
    const Grid grid = any_grid();

    const Expanded expansion = expanded(yaml_of(grid, {0, 1, 2}));

    std::vector<std::vector<int>> expected;
    for (const int resolution : grid.resolution) {
      for (const int epochs : grid.epochs) {
        for (const int batch : grid.batch) {
          if (epochs == grid.excluded_epoch && batch == grid.excluded_batch) continue;
          expected.push_back({resolution, epochs, batch});
        }
      }
    }
    expected.push_back({50, 50, 50});
    std::vector<std::vector<int>> found;
    for (const Json& cell : expansion.cells)
      found.push_back({cell.at("resolution"), cell.at("epochs"), cell.at("batch")});
    RC_ASSERT(found == expected);
  }));
}

TEST(ExpansionTest, OrderOfKeysChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const Grid grid = any_grid();
    std::vector<int> order = {0, 1, 2};
    const Expanded expansion = expanded(yaml_of(grid, order));
    while (std::next_permutation(order.begin(), order.end())) {
      RC_ASSERT(expanded(yaml_of(grid, order)).cells == expansion.cells);
    }
  }));
}

}  // namespace
}  // namespace camsweep

#include "orchestrator/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHead =
    "sweep: s\ndataset: {kind: synth}\ndefaults: {backbone: resnet18, resolution: 96, epochs: 4}\n";

// A folder of its own, for sweep files and the cache of hashes.
class PlanTest : public testing::Test {
 protected:
  Plan plan_of_file(const std::string& text, const PlanOptions& options = {}) {
    write_file(folder_ / "x.yaml", text);
    return make_plan(folder_ / "x.yaml", options);
  }
  Plan plan(const std::string& rest, const PlanOptions& options = {}) { return plan_of_file(kHead + rest, options); }

  // Without the folder's name.
  std::string error_of(const std::string& text) {
    try {
      plan_of_file(text);
    } catch (const ConfigError& error) {
      std::string sentence = error.what();
      const std::string prefix = folder_.string() + "/";
      for (size_t at = sentence.find(prefix); at != std::string::npos; at = sentence.find(prefix))
        sentence.erase(at, prefix.size());
      return sentence;
    }
    return "no error";
  }

  const PlanScratch own_{"plan"};
  const fs::path& folder_ = own_.path;
};

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> all;
  for (const JobSpec& job : plan.jobs) all.push_back(job.id.hex);
  return all;
}

std::vector<std::string> steps(const Plan& plan) {
  std::vector<std::string> all;
  for (const JobSpec& job : plan.jobs) {
    all.push_back(std::string(stage_name(job.stage)) + (job.at_epoch ? "@" + std::to_string(*job.at_epoch) : ""));
  }
  return all;
}

TEST_F(PlanTest, SpellingAndOrderOfKeysDoNotChangeIds) {
  const Plan a =
      plan("matrix: {lr: [1e-3, 2e-3], epochs: [1, 2]}\nanalyses: [{erf: {images: 5, size: 64}}]\nreplicates: 2\n");
  const Plan b = plan(
      "replicates: 2\nanalyses: [{erf: {size: 64, images: 5.0}}]\nmatrix: {epochs: [1, 2.0], lr: [0.001, 0.2e-2]}\n");

  EXPECT_EQ(ids(a), ids(b));
  EXPECT_EQ(a.jobs.size(), 16u);
}

TEST_F(PlanTest, PlaceOfTheFileDoesNotChangeIds) {
  const std::string text = std::string(kHead) + "matrix: {epochs: [1, 2]}\n";
  fs::create_directories(folder_ / "elsewhere");
  write_file(folder_ / "elsewhere" / "y.yaml", text);

  EXPECT_EQ(ids(make_plan(folder_ / "elsewhere" / "y.yaml", {})), ids(plan_of_file(text)));
}

TEST_F(PlanTest, TheIdIsTheHashOfTheCanonicalIdentity) {
  const Plan p = plan("matrix: {lr: [1e-3]}\nsnapshots: [2]\nanalyses: [pca]\n");

  const Json& train = p.jobs[0].identity;
  EXPECT_EQ(train.at("stage"), "train");
  EXPECT_EQ(train.at("needs"), Json::array());
  EXPECT_EQ(train.at("pretraining"), nullptr);
  EXPECT_EQ(train.at("parameters").at("lr"), 0.001);
  EXPECT_EQ(train.at("parameters").at("seed"), 0);
  EXPECT_EQ(train.at("parameters").at("snapshots"), Json({2}));
  EXPECT_EQ(train.at("parameters").at("variant").at("family"), "resnet");
  EXPECT_FALSE(train.at("parameters").contains("recipe"));
  EXPECT_FALSE(train.at("parameters").contains("heatmap"));
  const Json& pca = p.jobs[1].identity;
  EXPECT_EQ(pca.at("needs"), Json({p.jobs[0].id.hex}));
  EXPECT_EQ(pca.at("parameters"),
            Json({{"at", nullptr}, {"images", 1000}, {"pc1_input", "weighted"}, {"pc1_sign", "component"}}));
}

TEST_F(PlanTest, IdsAloneAreThoseOfTheWholePlan) {
  const std::string rest =
      "matrix: {lr: [1e-3, 0.5, 1], epochs: [2, 4]}\nsnapshots: [2]\nreplicates: 2\n"
      "analyses: [{localize: {methods: [pc1, cam], cam_weight: exact}}, {activation: {at: [2, 4]}}]\n";

  const Plan whole = plan(rest);
  const Plan brief = plan(rest, {.detail = PlanDetail::kIds});

  EXPECT_EQ(ids(brief), ids(whole));
  EXPECT_EQ(steps(brief), steps(whole));
  for (size_t i = 0; i < whole.cells.size(); ++i) EXPECT_EQ(brief.cells[i].id, whole.cells[i].id);
  for (const JobSpec& job : whole.jobs) EXPECT_EQ(job.id.hex, sha256(canonical(job.identity)));
}

TEST_F(PlanTest, TheGangEntersTrainingAlone) {
  const Plan one = plan("matrix: {epochs: 4}\nanalyses: [{pca: {gang: 1}}]\n");
  const Plan trained_by_two = plan("matrix: {epochs: 4, gang: 2}\nanalyses: [{pca: {gang: 1}}]\n");
  const Plan analysed_by_two = plan("matrix: {epochs: 4}\nanalyses: [{pca: {gang: 2}}]\n");

  EXPECT_NE(ids(one)[0], ids(trained_by_two)[0]);
  EXPECT_EQ(ids(one), ids(analysed_by_two));
  EXPECT_EQ(analysed_by_two.jobs[1].gang, 2);
}

TEST_F(PlanTest, CellsThatAgreeOnTrainingShareTheJob) {
  const Plan p = plan("matrix: {heatmap: [official, wsoleval]}\nanalyses: [{localize: [cam]}]\n");

  EXPECT_EQ(p.cells.size(), 2u);
  EXPECT_EQ(steps(p), (std::vector<std::string>{"train", "localize", "localize"}));
  EXPECT_EQ(p.cell_jobs.size(), 4u);
  EXPECT_EQ(p.cell_jobs[0].job, p.cell_jobs[2].job);
}

TEST_F(PlanTest, OneReplicateOfEveryCellComesBeforeTheSecondOfAny) {
  const Plan p = plan("matrix: {epochs: [1, 2]}\nseeds: [7, 8]\n");

  std::vector<std::pair<int, int64_t>> order;
  for (const JobSpec& job : p.jobs) order.emplace_back(job.parameters().at("epochs"), job.seed());
  EXPECT_EQ(order, (std::vector<std::pair<int, int64_t>>{{1, 7}, {2, 7}, {1, 8}, {2, 8}}));
}

TEST_F(PlanTest, SnapshotsGiveOneJobEachAndTheLastEpochIsTheFinalWeights) {
  const Plan p = plan("matrix: {epochs: [2, 4]}\nsnapshots: [1, 2, 4]\nanalyses: [{activation: {at: [1, 2, 4]}}]\n");

  EXPECT_EQ(steps(p), (std::vector<std::string>{"train", "activation@1", "activation", "train", "activation@1",
                                                "activation@2", "activation"}));
  EXPECT_EQ(p.notes, (std::vector<std::string>{"analyses[0]: at 4 dropped in 1 cell: they train fewer epochs",
                                               "snapshot 4 dropped in 1 cell: they train fewer epochs"}));
}

TEST_F(PlanTest, AnAnalysisOfAnEpochThatIsNotKeptIsRefused) {
  EXPECT_EQ(error_of(std::string(kHead) + "matrix: {epochs: [4]}\nsnapshots: [2]\nanalyses: [{pca: {at: [3]}}]\n"),
            "x.yaml:6:12: at: epoch 3 is neither in `snapshots` nor the last one of the cell epochs=4");
}

TEST_F(PlanTest, CellsThatShareAFieldOfTheTableAreRefused) {
  EXPECT_EQ(
      error_of(std::string(kHead) +
               "matrix: {epochs: [1, 2], lr: [1, 2]}\nreport: {table: {rows: [epochs], value: test.top1}}\n"),
      "x.yaml: report.table: two cells would share a field (epochs=1, lr=2): they differ in lr; name it in `rows` or "
      "`columns`");
}

TEST_F(PlanTest, RulesThatMakeCellsEqualAreRefused) {
  EXPECT_EQ(error_of(std::string(kHead) + "matrix: {epochs: [1, 2]}\nset: [{when: {epochs: 1}, epochs: 2}]\n"),
            "x.yaml: `set` or `derive` makes two cells equal: epochs=2");
}

TEST_F(PlanTest, PretrainingIsKnownByItsContent) {
  write_file(folder_ / "a.safetensors", "weights");
  write_file(folder_ / "b.safetensors", "weights");
  write_file(folder_ / "c.safetensors", "others");

  const Plan p = plan("matrix: {pretraining: [a.safetensors, b.safetensors, c.safetensors, none]}\n");

  EXPECT_EQ(p.cells.size(), 4u);
  EXPECT_EQ(p.jobs.size(), 3u);
  EXPECT_EQ(p.jobs[0].pretraining_file, (folder_ / "a.safetensors").string());
  EXPECT_EQ(p.jobs[2].pretraining_file, "");
}

TEST_F(PlanTest, MissingFilesAreNamedBeforeAnythingRuns) {
  EXPECT_EQ(error_of(std::string(kHead) + "matrix: {pretraining: ./no.pth}\n"),
            "x.yaml: pretraining './no.pth' (cell of the sweep): there is no such file");
  EXPECT_EQ(
      error_of(
          "sweep: s\ndataset: {kind: wsol, root: nowhere}\nmatrix: {backbone: resnet18, epochs: 1, resolution: 96}\n"),
      "x.yaml: dataset.root: there is no folder 'nowhere'");
}

TEST_F(PlanTest, OverridesReplaceAParameterEverywhere) {
  const std::string rest =
      "matrix: {backbone: {resnet18: {epochs: [10, 20]}, resnet50: {epochs: 30}}}\n"
      "set: [{when: {backbone: resnet50}, epochs: 40}]\ninclude: [{backbone: resnet34, epochs: 50}]\n"
      "exclude: [{epochs: 20}]\n";

  const Plan one = plan(rest, {.overrides = {"epochs=1", "lr=1e-2"}});
  const Plan two = plan(rest, {.overrides = {"epochs=1,2"}, .only = {"backbone=resnet[13]*"}});

  EXPECT_TRUE(one.partial);
  EXPECT_EQ(one.cells.size(), 3u);
  for (const Cell& cell : one.cells) EXPECT_EQ(cell.parameters.at("epochs"), 1);
  EXPECT_EQ(one.cells[0].parameters.at("lr"), 0.01);
  EXPECT_EQ(two.cells.size(), 4u);
  EXPECT_FALSE(plan(rest).partial);
}

TEST_F(PlanTest, OverridesKeepWhatAValueOfAMapBrings) {
  const Plan p =
      plan("matrix: {backbone: {resnet18: {lr: [1, 2]}, resnet50: {lr: 3}}}\n", {.overrides = {"backbone=resnet18"}});

  EXPECT_EQ(p.cells.size(), 2u);
}

TEST_F(PlanTest, BadOverridesAreBadInput) {
  for (const char* text :
       {"epochs", "epocs=1", "epochs=x", "epochs=010", "epochs=1,1", "backbone=resnet5", "replicates=0"}) {
    EXPECT_THROW(plan("matrix: {batch: 8}\n", {.overrides = {text}}), ConfigError) << text;
  }
  EXPECT_EQ(plan("matrix: {batch: 8}\n", {.overrides = {"replicates=3"}}).jobs.size(), 3u);
}

TEST_F(PlanTest, MethodsThatCostMoreThanAPassAreNoted) {
  const Plan p = plan("matrix: {backbone: [resnet18]}\nanalyses: [{localize: [cam, ddt, scorecam]}]\n");

  EXPECT_EQ(p.notes,
            (std::vector<std::string>{"ddt costs one pass over the train split",
                                      "scorecam costs one forward pass per class and channel of `scorecam_channels`"}));
}

TEST_F(PlanTest, WhatTheSvmCostsIsNoted) {
  const Plan p = plan("matrix: {backbone: [resnet18]}\nanalyses: [svm]\n");

  ASSERT_EQ(p.notes.size(), 1u);
  EXPECT_TRUE(p.notes.front().starts_with("svm costs a cross-validation of one linear classifier per class, and "))
      << p.notes.front();
}

TEST_F(PlanTest, AParameterThatMeansNothingToABackboneIsNoted) {
  const Plan p = plan("matrix: {backbone: [resnet18, vgg16]}\n");

  EXPECT_EQ(std::ranges::count(p.notes, "drop_path has no effect on vgg16, which has no residual branches to drop"), 1);
}

}  // namespace
}  // namespace camsweep

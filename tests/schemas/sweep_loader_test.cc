#include "schemas/sweep_loader.h"

#include <gtest/gtest.h>

#include "embedded.h"
#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

constexpr const char* kHead = "sweep: s\ndataset: {kind: synth}\n";

SweepSpec read(const std::string& rest) { return read_sweep(kHead + rest, "x.yaml"); }

std::string error_of_file(const std::string& text) {
  try {
    read_sweep(text, "x.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

// Of a file whose third line is the first of `rest`.
std::string error_of(const std::string& rest) { return error_of_file(kHead + rest); }

TEST(SweepLoaderTest, ReadsTheWholeVocabulary) {
  const SweepSpec sweep = read(R"(
defaults: {recipe: cam-back-again, batch: 32, gang: 4}
matrix:
  backbone:
    replknet_31b: {pretraining: [none, b.safetensors], resolution: [224, 384]}
    convnext_tiny:
  augmentation: [true, false]
  epochs: 400
  lr: {range: [0.1, 0.3, 0.1]}
  drop_path: [0.1, 0.2]
zip: [[augmentation, drop_path]]
replicates: 3
exclude: [{backbone: replknet_31b, resolution: [224, 384], why: dear}]
include: [{backbone: resnet50, augmentation: true, optional: true}]
set: [{when: {resolution: [384, 320]}, gang: 8}]
derive: {min_lr: "lr / 10"}
snapshots: [400, 50]
analyses:
  - {localize: [pc1, cam]}
  - {localize: {methods: [cam], save_maps: all, cam_weight: exact, at: [50], gang: 2}}
  - {erf: {images: 10, size: 256}}
  - pca
report: {table: {rows: [backbone], columns: [augmentation], value: cam.maxboxacc}, plots: [history, {bars: {over: lr}}]}
limits: {start: 2 min, silence: 45, max_attempts: 50, max_jobs: 200000}
keep: state
)");

  EXPECT_EQ(sweep.name, "s");
  ASSERT_EQ(sweep.axes.size(), 4u);
  EXPECT_EQ(sweep.axes[0].values, (std::vector<Json>{"convnext_tiny", "replknet_31b"}));
  EXPECT_TRUE(sweep.axes[0].own_axes[0].empty());
  EXPECT_EQ(sweep.axes[0].own_axes[1][1].values, (std::vector<Json>{224, 384}));
  EXPECT_EQ(sweep.axes[2].values, (std::vector<Json>{0.1, 0.2, 0.3}));
  EXPECT_EQ(sweep.constants, Json({{"epochs", 400}}));
  EXPECT_EQ(sweep.zips, (std::vector<std::vector<std::string>>{{"augmentation", "drop_path"}}));
  EXPECT_EQ(sweep.seeds, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(sweep.exclude[0].match, Json({{"backbone", "replknet_31b"}, {"resolution", {224, 384}}}));
  EXPECT_EQ(sweep.exclude[0].why, "dear");
  EXPECT_TRUE(sweep.include[0].optional);
  EXPECT_EQ(sweep.set[0].values, Json({{"gang", 8}}));
  EXPECT_EQ(sweep.set[0].match, Json({{"resolution", {384, 320}}}));
  EXPECT_EQ(sweep.derive[0].expression, "lr / 10");
  EXPECT_EQ(sweep.snapshots, (std::vector<int>{50, 400}));
  ASSERT_EQ(sweep.analyses.size(), 4u);
  EXPECT_EQ(sweep.analyses[0].options, Json({{"methods", {"cam", "pc1"}}, {"save_maps", 12}}));
  EXPECT_EQ(sweep.analyses[1].options, Json({{"methods", {"cam"}}, {"save_maps", "all"}, {"cam_weight", "exact"}}));
  EXPECT_EQ(sweep.analyses[1].at, (std::vector<int>{50}));
  EXPECT_EQ(sweep.analyses[1].gang, 2);
  EXPECT_EQ(sweep.analyses[2].options, Json({{"images", 10}, {"size", 256}}));
  EXPECT_EQ(sweep.analyses[3].options, Json({{"images", 1000}}));
  EXPECT_EQ(sweep.limits.start_s, 120);
  EXPECT_EQ(sweep.limits.silence_s, 45);
  EXPECT_EQ(sweep.limits.max_attempts, 50);
  EXPECT_EQ(sweep.limits.max_jobs, 200000u);
  EXPECT_TRUE(sweep.keep_state);
}

TEST(SweepLoaderTest, AxesStandInTheOrderOfTheParameterTable) {
  const SweepSpec sweep = read("matrix: {lr: [1e-3, 1e-4], epochs: [1, 2], backbone: [resnet50], batch: 8}\n");

  ASSERT_EQ(sweep.axes.size(), 3u);
  EXPECT_EQ(sweep.axes[0].name, "backbone");
  EXPECT_EQ(sweep.axes[1].name, "epochs");
  EXPECT_EQ(sweep.axes[2].name, "lr");
  EXPECT_EQ(sweep.constants, Json({{"batch", 8}}));
}

TEST(SweepLoaderTest, NumbersAreReadTheSameHoweverTheyAreSpelled) {
  const SweepSpec a = read("matrix: {lr: [1e-3], epochs: 1e2}\n");
  const SweepSpec b = read("matrix: {epochs: 100, lr: [0.001]}\n");

  EXPECT_EQ(a.axes[0].values, b.axes[0].values);
  EXPECT_EQ(a.constants, b.constants);
}

// One seeded mistake: what stands after the first two lines, and the whole message.
struct Mistake {
  const char* rest;
  const char* message;
};

class SweepMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(SweepMistakeTest, IsReportedAtItsPlaceWithWhatWasExpected) {
  EXPECT_EQ(error_of(GetParam().rest), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, SweepMistakeTest,
    testing::Values(
        Mistake{"matrix: {epohcs: 1}",
                "x.yaml:3:10: matrix.epohcs: found the unknown key 'epohcs'; did you mean 'epochs'?"},
        Mistake{"matrix: {}\nrepilcates: 2",
                "x.yaml:4:1: repilcates: found the unknown key 'repilcates'; did you mean 'replicates'?"},
        Mistake{"matrix: {}\ncheckpoints: {foler: x}",
                "x.yaml:4:15: checkpoints.foler: found the unknown key 'foler'; did you mean 'folder'?"},
        Mistake{"matrix: {}\ncheckpoints: {catalog: no.yaml}",
                "x.yaml:4:24: checkpoints.catalog: no.yaml: there is no such catalog of checkpoints"},
        Mistake{
            "matrix: {seed: [1, 2]}",
            "x.yaml:3:10: matrix.seed: found the unknown key 'seed', none of the 87 that `camsweep schema` describes"},
        Mistake{"matrix: {epochs: ten}",
                "x.yaml:3:18: matrix.epochs: found 'ten', expected an integer from 0 to 100000"},
        Mistake{"matrix: {epochs: [1, -2]}",
                "x.yaml:3:22: matrix.epochs[1]: found -2, expected an integer from 0 to 100000"},
        Mistake{"matrix: {epochs: [1, 1.0]}", "x.yaml:3:22: matrix.epochs[1]: the value 1 stands twice"},
        Mistake{"matrix: {epochs: []}",
                "x.yaml:3:18: matrix.epochs: found [], expected a value, a list of values, {range: [a, b, step]} or a "
                "mapping of values to their own axes"},
        Mistake{"matrix: {augmentation: [yes, no]}",
                "x.yaml:3:25: matrix.augmentation[0]: found 'yes', expected true or false\nx.yaml:3:30: "
                "matrix.augmentation[1]: found 'no', expected true or false"},
        Mistake{"matrix: {pool: gpa}", "x.yaml:3:16: matrix.pool: found 'gpa', expected one of gap, gmp"},
        Mistake{"matrix: {recipe: theirs}",
                "x.yaml:3:18: matrix.recipe: found 'theirs', expected one of cam-back-again, "
                "replknet-official, convnext-official, slak, wsol-2020"},
        Mistake{"matrix: {backbone: [convnxt_tiny]}",
                "x.yaml:3:21: matrix.backbone[0]: unknown backbone 'convnxt_tiny'; did you mean 'convnext_tiny'? "
                "(`camsweep backbones` lists them)"},
        Mistake{
            "matrix:\n  augmentation: {true: {lr: [1]}, false:}\n  backbone: {resnet50: {epochs: [1], lr: [2]}}",
            "x.yaml:4:29: matrix.augmentation.true.lr: values of 'backbone' bring 'lr' too: one of the two would be "
            "lost"},
        Mistake{
            "matrix:\n  backbone:\n    resnet50:\n      head: {paper: {lr: 1}}\n      pool: {gap: {lr: 2}}",
            "x.yaml:7:24: matrix.backbone.resnet50.pool.gap.lr: values of 'head' bring 'lr' too: one of the two would "
            "be lost"},
        Mistake{"matrix: {backbone: {resnet50: {lr: [1]}}, lr: [2]}",
                "x.yaml:3:36: matrix.backbone.resnet50.lr: 'lr' also stands in an outer mapping of the matrix"},
        Mistake{"matrix: {lr: {range: [1, 2]}}",
                "x.yaml:3:22: matrix.lr.range: found [1,2], expected three numbers: first, last, step"},
        Mistake{"matrix: {lr: {range: [1, 2, -1]}}",
                "x.yaml:3:14: matrix.lr: the step never leads from the first value to the last"},
        Mistake{"matrix: {epochs: {range: [1, 3, 0.5]}}",
                "x.yaml:3:18: matrix.epochs: found 1.5, expected an integer from 0 to 100000"},
        Mistake{"matrix: {epochs: {range: [1, 100000, 0.00001]}}",
                "x.yaml:3:18: matrix.epochs: found a range of 9999900001 values, allowed are 100000"},
        Mistake{"matrix: {epochs: [1, 2], lr: [1, 2, 3]}\nzip: [[epochs, lr]]",
                "x.yaml:4:7: zip[0]: axes of different lengths cannot be tied: 2, 3"},
        Mistake{"matrix: {epochs: [1, 2]}\nzip: [[epochs, lr]]",
                "x.yaml:4:16: zip[0][1]: found 'lr', expected an axis of the matrix that is a list"},
        Mistake{"matrix: {epochs: 1}\nreplicates: 0",
                "x.yaml:4:13: replicates: found 0, expected an integer from 1 to 10000"},
        Mistake{"matrix: {epochs: 1}\nreplicates: 2\nseeds: [1]",
                "x.yaml:5:8: seeds: found `replicates` and `seeds`, expected one of them"},
        Mistake{"matrix: {epochs: 1}\nexclude: [{why: nothing}]",
                "x.yaml:4:11: exclude[0]: this rule names no parameter"},
        Mistake{"matrix: {epochs: 1}\nexclude: [{epochs: many}]",
                "x.yaml:4:20: exclude[0].epochs: found 'many', expected an integer from 0 to 100000"},
        Mistake{"matrix: {epochs: 1}\nset: [{gang: 8}]", "x.yaml:4:7: set[0]: the key 'when' is missing"},
        Mistake{"matrix: {epochs: 1}\nset: [{when: {epochs: 1}, why: x}]",
                "x.yaml:4:7: set[0]: this rule sets no parameter"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [localise]",
                "x.yaml:4:12: analyses[0]: found 'localise', expected pca, erf, activation, signals, svm, or a mapping "
                "of one of localize, erf, pca, activation, signals, svm to its options"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [{localize: [camm]}]",
                "x.yaml:4:24: analyses[0].localize[0]: found 'camm', expected one of cam, cam_positive, cam_negative, "
                "cam_small, cam_large, gradcam, hirescam, xgradcam, gradcam_pp, layercam, ablationcam, eigencam, "
                "eigengradcam, pc1, scorecam, fullgrad, ddt, random, centre; did you mean 'cam'?"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [{localize: {save_maps: 3}}]",
                "x.yaml:4:23: analyses[0].localize: the key 'methods' is missing"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [{erf: {image: 3}}]",
                "x.yaml:4:19: analyses[0].erf.image: found the unknown key 'image'; did you mean 'images'?"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [pca, pca]",
                "x.yaml:4:17: analyses[1]: this analysis already stands at x.yaml:4:12"},
        Mistake{"matrix: {epochs: 1}\nreport: {plots: [fig1]}",
                "x.yaml:4:18: report.plots[0]: found 'fig1', expected history, bars, scatter, erf, pca or activation, "
                "or a mapping of "
                "one of them to its options"},
        Mistake{"matrix: {epochs: 1}\nreport: {table: {rows: [epoch], value: test.top1}}",
                "x.yaml:4:25: report.table.rows[0]: found 'epoch', expected a parameter; did you mean 'epochs'?"},
        Mistake{"matrix: {epochs: 1}\nreport: {table: {rows: [epochs], value: maxboxacc}}",
                "x.yaml:4:41: report.table.value: found 'maxboxacc', expected a metric like cam.maxboxacc, or a list "
                "of them"},
        Mistake{"matrix: {epochs: 1}\nanalyses: [erf]\nreport: {table: {rows: [epochs], value: cam.maxboxacc}}",
                "x.yaml:5:41: report.table.value: no listed analysis measures 'cam.maxboxacc'; `analyses: [localize: "
                "[cam]]` does"},
        Mistake{
            "matrix: {epochs: 1}\nreport: {table: {rows: [epochs], value: [test.top1, test.top_1]}}",
            "x.yaml:4:53: report.table.value[1]: found 'test.top_1', expected a metric that this sweep measures; did "
            "you mean 'test.top1'?"},
        Mistake{
            "matrix: {epochs: 1}\nanalyses: [{localize: [cam]}]\nreport: {plots: [{scatter: {x: erf.auc, y: "
            "cam.maxboxac}}]}",
            "x.yaml:5:32: report.plots[0].scatter.x: no listed analysis measures 'erf.auc'; `analyses: [erf]` does\n"
            "x.yaml:5:44: report.plots[0].scatter.y: found 'cam.maxboxac', expected a metric that this sweep measures; "
            "did you mean 'cam.maxboxacc'?"},
        Mistake{
            "matrix: {epochs: 1}\nreport: {plots: [history, bars]}",
            "x.yaml:4:27: report.plots[1]: no listed analysis measures 'cam.maxboxacc'; `analyses: [localize: [cam]]` "
            "does"},
        Mistake{
            "matrix: {epochs: 1}\nlimits: {start: 2 weeks}",
            "x.yaml:4:17: limits.start: found '2 weeks', expected seconds, or a text like '30 s', '2 min', '1.5 h'"},
        Mistake{"matrix: {epochs: 1}\nbackbones: {mine: {family: convnxt}}",
                "x.yaml:4:19: backbones.mine: backbone 'mine': unknown family 'convnxt'; did you mean 'convnext'? "
                "(known: resnet, densenet, vgg, alexnet, googlenet, inception, convnext, replknet, slak, hornet, "
                "signal_cnn)"},
        Mistake{"matrix: {epochs: 1}\nkeep: all", "x.yaml:4:7: keep: found 'all', expected state"}));

TEST(SweepLoaderTest, MistakesOfTheHeadAreReported) {
  EXPECT_EQ(error_of_file("dataset: {kind: synth}\nmatrix: {epochs: 1}"), "x.yaml:1:1: the key 'sweep' is missing");
  EXPECT_EQ(error_of_file("sweep: ../etc\ndataset: {kind: synth}\nmatrix: {epochs: 1}"),
            "x.yaml:1:8: sweep: found '../etc', expected a name: letters, digits, '.', '_' and '-', 64 at most, the "
            "first a letter or digit");
  EXPECT_EQ(
      error_of_file("sweep: s\ndataset: {kind: signal}\nmatrix: {epochs: 1}"),
      "x.yaml:2:17: dataset.kind: found 'signal', expected one of cub, wsol, folder, synth, signals; did you mean "
      "'signals'?");
  EXPECT_EQ(error_of_file("sweep: s\ndataset: {kind: signals, val: 3}\nmatrix: {epochs: 1}"),
            "x.yaml:2:31: dataset.val: a data set of kind 'signals' has no 'val'");
  EXPECT_EQ(error_of_file("sweep: s\ndataset: {kind: cub}\nmatrix: {epochs: 1}"),
            "x.yaml:2:10: dataset: a data set of kind 'cub' needs its `root`");
  EXPECT_EQ(error_of_file("sweep: s\ndataset: {kind: synth, root: a}\nmatrix: {epochs: 1}"),
            "x.yaml:2:30: dataset.root: a data set of kind 'synth' has no 'root'");
  EXPECT_EQ(error_of_file("[1, 2]"), "x.yaml:1:1: found [1,2], expected a sweep file of camsweep");
}

TEST(SweepLoaderTest, AtMostTwentyMistakesAreListed) {
  std::string rest = "matrix:\n";
  for (int i = 0; i < 25; ++i) rest += "  unknown" + std::to_string(i) + ": 1\n";

  const std::string error = error_of(rest);

  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 20);
  EXPECT_EQ(error.substr(error.rfind('\n') + 1), "and 5 more");
}

TEST(SweepLoaderTest, SchemaNamesEveryParameterOfTheTable) {
  const Json schema = Json::parse(kSweepSchema);

  for (const char* definition : {"axes", "values", "matches", "rule", "set"}) {
    const Json& properties = schema.at("definitions").at(definition).at("properties");
    for (const std::string& name : parameter_names())
      EXPECT_TRUE(properties.contains(name)) << definition << " " << name;
    EXPECT_FALSE(properties.contains("seed")) << definition;
  }
}

TEST(SweepLoaderTest, MissingFilesAreBadInput) { EXPECT_THROW(load_sweep("/nowhere/x.yaml"), ConfigError); }

}  // namespace
}  // namespace camsweep

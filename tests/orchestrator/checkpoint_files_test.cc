#include "orchestrator/checkpoint_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "orchestrator/plan.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"
#include "tests/orchestrator/captured_command.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHead = "sweep: s\ndataset: {kind: synth}\ndefaults: {resolution: 96, epochs: 1}\n";

// A catalog of one's own with files that a test can make; the built-in ones' hashes cannot be met.
constexpr const char* kCatalog = R"(
defaults: {normalization: {mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]}, resolution: 224, classes: 10}
checkpoints:
  - {name: mine, backbone: resnet18, file: r18.pth, source: "https://example.org/r18"}
  - {name: mine, backbone: resnet34, file: r34.pth, source: "https://example.org/r34"}
  - {name: hub, backbone: resnet18, file: r18.hub/model.safetensors, source: "https://example.org/hub"}
)";

class CheckpointFilesTest : public testing::Test {
 protected:
  CheckpointFilesTest() {
    ::unsetenv("CAMSWEEP_CHECKPOINTS");
    fs::create_directories(folder_);
    write_file(scratch_.path / "own.yaml", kCatalog);
  }

  std::string sweep_text(const std::string& rest) const {
    return std::string(kHead) + "checkpoints: {folder: " + folder_.string() + ", catalog: own.yaml}\n" + rest;
  }
  Plan plan_of(const std::string& text, const PlanOptions& options = {}) const {
    write_file(scratch_.path / "x.yaml", text);
    return make_plan(scratch_.path / "x.yaml", options);
  }
  Plan plan(const std::string& rest) const { return plan_of(sweep_text(rest)); }

  // Without the scratch folder's name.
  std::string error_of(const std::string& text, const PlanOptions& options = {}) const {
    try {
      plan_of(text, options);
    } catch (const ConfigError& error) {
      std::string sentence = error.what();
      const std::string prefix = scratch_.path.string() + "/";
      for (size_t at = sentence.find(prefix); at != std::string::npos; at = sentence.find(prefix)) {
        sentence.erase(at, prefix.size());
      }
      return sentence;
    }
    return "no error";
  }

  const PlanScratch scratch_{"checkpoint-files"};
  const fs::path folder_ = scratch_.path / "weights";
};

TEST_F(CheckpointFilesTest, ANameIsAFileOfItsBackbone) {
  write_file(folder_ / "r18.pth", "eighteen");
  write_file(folder_ / "r34.pth", "thirty-four");

  const Plan p = plan("matrix: {backbone: [resnet18, resnet34], pretraining: mine}\n");

  ASSERT_EQ(p.jobs.size(), 2u);
  EXPECT_EQ(p.jobs[0].pretraining_file, (folder_ / "r18.pth").string());
  EXPECT_EQ(p.jobs[1].pretraining_file, (folder_ / "r34.pth").string());
  EXPECT_EQ(p.jobs[0].identity.at("pretraining"), sha256("eighteen"));
}

TEST_F(CheckpointFilesTest, AFileIsFoundOneFolderDown) {
  fs::create_directories(folder_ / "resnets");
  fs::create_directories(folder_ / "timm" / "r18.hub");
  write_file(folder_ / "resnets" / "r18.pth", "a");
  write_file(folder_ / "timm" / "r18.hub" / "model.safetensors", "b");

  const Plan p = plan("matrix: {backbone: resnet18, pretraining: [mine, hub]}\n");

  EXPECT_EQ(p.jobs[0].pretraining_file, (folder_ / "resnets" / "r18.pth").string());
  EXPECT_EQ(p.jobs[1].pretraining_file, (folder_ / "timm" / "r18.hub" / "model.safetensors").string());
}

TEST_F(CheckpointFilesTest, EveryMissingFileIsListedAtOnce) {
  write_file(folder_ / "r34.pth", "thirty-four");

  EXPECT_EQ(error_of(sweep_text("matrix: {backbone: {resnet18: {pretraining: [mine, hub], lr: [1, 2, 3, 4, 5]},\n"
                                "  resnet50: {pretraining: in1k_v2}, resnet34: {pretraining: mine}}}\n")),
            "x.yaml: 3 published weights files cannot be used (searched in weights and the folders in it)\n"
            "  r18.pth is missing\n"
            "    published at https://example.org/r18\n"
            "    needed by resnet18 in 5 cells: backbone=resnet18, pretraining=mine, lr=1; backbone=resnet18, "
            "pretraining=mine, lr=2; backbone=resnet18, pretraining=mine, lr=3 and 2 more\n"
            "  r18.hub/model.safetensors is missing\n"
            "    published at https://example.org/hub\n"
            "    needed by resnet18 in 5 cells: backbone=resnet18, pretraining=hub, lr=1; backbone=resnet18, "
            "pretraining=hub, lr=2; backbone=resnet18, pretraining=hub, lr=3 and 2 more\n"
            "  resnet50-11ad3fa6.pth is missing\n"
            "    published at https://download.pytorch.org/models/resnet50-11ad3fa6.pth\n"
            "    needed by resnet50 in 1 cell: backbone=resnet50, pretraining=in1k_v2, lr=1e-05");
}

TEST_F(CheckpointFilesTest, BackbonesThatLoadOneFileMissItOnce) {
  EXPECT_EQ(error_of(std::string(kHead) + "matrix: {backbone: [resnet50, resnet50_wsol_14], pretraining: in1k}\n"),
            "x.yaml: 1 published weights file cannot be used (no folder is named: give --checkpoints DIR, "
            "`checkpoints: {folder: DIR}` or CAMSWEEP_CHECKPOINTS)\n"
            "  resnet50-0676ba61.pth is missing\n"
            "    published at https://download.pytorch.org/models/resnet50-0676ba61.pth\n"
            "    needed by resnet50, resnet50_wsol_14 in 2 cells: backbone=resnet50; backbone=resnet50_wsol_14");
}

TEST_F(CheckpointFilesTest, AFileWithAnotherHashIsNotTheOneThatWasPublished) {
  write_file(folder_ / "resnet18-f37072fd.pth", "<html>");

  EXPECT_EQ(error_of(sweep_text("matrix: {backbone: resnet18, pretraining: in1k}\n")),
            "x.yaml: 1 published weights file cannot be used (searched in weights and the folders in it)\n"
            "  resnet18-f37072fd.pth has a SHA-256 that begins with " +
                sha256("<html>").substr(0, 8) +
                ", not with f37072fd: weights/resnet18-f37072fd.pth is a damaged download or another file\n"
                "    published at https://download.pytorch.org/models/resnet18-f37072fd.pth\n"
                "    needed by resnet18 in 1 cell: of the sweep");
}

TEST_F(CheckpointFilesTest, AHashIsComparedAsFarAsItIsPublished) {
  const std::string hash = sha256("eighteen");
  const std::string entry = "  - {name: whole, backbone: resnet18, file: r18.pth, source: s, sha256: \"" + hash +
                            "\"}\n" + "  - {name: begin, backbone: resnet18, file: r18.pth, source: s, sha256: \"" +
                            hash.substr(0, 8) + "\"}\n";
  write_file(scratch_.path / "own.yaml", kCatalog + entry);
  write_file(folder_ / "r18.pth", "eighteen");

  EXPECT_EQ(plan("matrix: {backbone: resnet18, pretraining: [whole, begin]}\n").jobs.size(), 1u);
}

TEST_F(CheckpointFilesTest, TwoFilesOfTheNameAreAnError) {
  fs::create_directories(folder_ / "a");
  fs::create_directories(folder_ / "b");
  write_file(folder_ / "a" / "r18.pth", "one");
  write_file(folder_ / "b" / "r18.pth", "other");

  EXPECT_NE(error_of(sweep_text("matrix: {backbone: resnet18, pretraining: mine}\n"))
                .find("r18.pth is there twice, as weights/a/r18.pth and weights/b/r18.pth: keep one"),
            std::string::npos);
}

TEST_F(CheckpointFilesTest, AnUnknownNameIsToldTheNamesOfItsBackbone) {
  EXPECT_EQ(error_of(sweep_text("matrix: {backbone: resnet34, pretraining: in1k_legcy}\n")),
            "x.yaml: pretraining 'in1k_legcy' (cell of the sweep): the published weights of resnet34 are in1k, "
            "in1k_legacy, mine; did you mean 'in1k_legacy'?; otherwise write `none` or a file's path");
  EXPECT_EQ(error_of(sweep_text("matrix: {backbone: replknet_nano, pretraining: in1k}\n")),
            "x.yaml: pretraining 'in1k' (cell of the sweep): the catalog has no published weights of replknet_nano; "
            "write `none` or a file's path");
  EXPECT_EQ(error_of(sweep_text("backbones: {my_net: {base: convnext_tiny, kernels: [9, 9, 9, 9]}}\n"
                                "matrix: {backbone: my_net, pretraining: in1k}\n")),
            "x.yaml: pretraining 'in1k' (cell of the sweep): the catalog has no published weights of my_net (those of "
            "its base convnext_tiny rarely fit a changed network); write `none` or a file's path");
}

TEST_F(CheckpointFilesTest, TheOptionWinsOverTheSweepFileAndThatOverTheVariable) {
  const fs::path other = scratch_.path / "other";
  const fs::path third = scratch_.path / "third";
  for (const fs::path& folder : {folder_, other, third}) {
    fs::create_directories(folder);
    write_file(folder / "r18.pth", folder.filename().string());
  }
  const std::string cell = "matrix: {backbone: resnet18, pretraining: mine}\n";
  const std::string no_folder = std::string(kHead) + "checkpoints: {catalog: own.yaml}\n" + cell;
  ::setenv("CAMSWEEP_CHECKPOINTS", third.c_str(), 1);

  const Plan by_option = plan_of(sweep_text(cell), {.checkpoints = other});
  const Plan by_file = plan_of(sweep_text(cell));
  const Plan by_variable = plan_of(no_folder);
  ::unsetenv("CAMSWEEP_CHECKPOINTS");

  EXPECT_EQ(by_option.jobs[0].pretraining_file, (other / "r18.pth").string());
  EXPECT_EQ(by_file.jobs[0].pretraining_file, (folder_ / "r18.pth").string());
  EXPECT_EQ(by_variable.jobs[0].pretraining_file, (third / "r18.pth").string());
}

TEST_F(CheckpointFilesTest, AFolderThatIsNotThereIsNamedWithWhoNamedIt) {
  const std::string cell = "matrix: {backbone: resnet18, pretraining: in1k}\n";

  EXPECT_EQ(error_of(sweep_text(cell), {.checkpoints = "/nowhere"}),
            "--checkpoints: there is no folder of checkpoints '/nowhere'");
  EXPECT_EQ(error_of(std::string(kHead) + "checkpoints: {folder: nowhere}\n" + cell),
            "x.yaml: checkpoints.folder: there is no folder of checkpoints 'nowhere'");
  EXPECT_EQ(error_of(std::string(kHead) + "checkpoints: {catalog: no.yaml}\n" + cell),
            "x.yaml:4:24: checkpoints.catalog: no.yaml: there is no such catalog of checkpoints");
}

TEST_F(CheckpointFilesTest, AFolderThatNobodyNeedsMayBeMissing) {
  const std::string text = std::string(kHead) + "checkpoints: {folder: nowhere}\nmatrix: {backbone: resnet18}\n";

  EXPECT_EQ(plan_of(text).jobs.size(), 1u);
}

TEST_F(CheckpointFilesTest, NormalizationIsTheSweepsElseThatOfTheWeightsElseTheRecipes) {
  write_file(folder_ / "r18.pth", "eighteen");
  const auto mean_of = [&](const std::string& rest) {
    return plan(rest).jobs.at(0).parameters().at("normalization_mean");
  };
  const std::string cell = "backbone: resnet18, pretraining: mine";

  EXPECT_EQ(mean_of("matrix: {" + cell + "}\n"), Json({0.1, 0.2, 0.3}));
  EXPECT_EQ(mean_of("matrix: {backbone: resnet18}\n"), Json({0.5, 0.5, 0.5}));
  EXPECT_EQ(mean_of("matrix: {backbone: resnet18, pretraining: weights/r18.pth}\n"), Json({0.5, 0.5, 0.5}));
  EXPECT_EQ(mean_of("matrix: {" + cell + ", normalization_mean: [[0, 0, 0]]}\n"), Json({0, 0, 0}));
  EXPECT_EQ(mean_of("matrix: {" + cell + "}\nset: [{when: {pretraining: mine}, normalization_mean: [0, 0, 1]}]\n"),
            Json({0, 0, 1}));
  const Plan overridden = plan_of(sweep_text("matrix: {" + cell + "}\n"), {.overrides = {"normalization_mean=0,1,0"}});
  EXPECT_EQ(overridden.jobs[0].parameters().at("normalization_mean"), Json({0, 1, 0}));
  EXPECT_EQ(overridden.jobs[0].parameters().at("normalization_std"), Json({0.4, 0.5, 0.6}));
}

TEST_F(CheckpointFilesTest, NormalizationEntersTheIdentityAndThePlanSaysIt) {
  write_file(folder_ / "r18.pth", "eighteen");
  const Plan theirs = plan("matrix: {backbone: resnet18, pretraining: mine}\n");
  const Plan own = plan(
      "matrix: {backbone: resnet18, pretraining: mine, normalization_mean: [[0.5, 0.5, 0.5]], normalization_std: "
      "[[0.5, 0.5, 0.5]]}\n");
  const Plan path = plan("matrix: {backbone: resnet18, pretraining: weights/r18.pth}\n");

  EXPECT_NE(theirs.jobs[0].id, own.jobs[0].id);
  EXPECT_EQ(own.jobs[0].id, path.jobs[0].id) << "the same weights, the same normalization";
  EXPECT_EQ(theirs.cells[0].parameters.at("normalization_std"), Json({0.4, 0.5, 0.6})) << "what the view `runs` shows";
  EXPECT_EQ(theirs.notes, std::vector<std::string>{"1 cell: normalized as their published weights were: mean "
                                                   "[0.1,0.2,0.3], std [0.4,0.5,0.6]"});
  EXPECT_EQ(own.notes,
            std::vector<std::string>{"1 cell: normalized by mean [0.5,0.5,0.5], std [0.5,0.5,0.5], their published "
                                     "weights by mean [0.1,0.2,0.3], std [0.4,0.5,0.6]"});
  EXPECT_TRUE(path.notes.empty());
}

TEST_F(CheckpointFilesTest, PlanPrintsWhatIsMissingAsJson) {
  const std::string file = (scratch_.path / "x.yaml").string();
  write_file(file, sweep_text("matrix: {backbone: resnet18, pretraining: mine, lr: [1, 2]}\n"));

  const CapturedCommand result = captured({"plan", file, "--json"});

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("r18.pth is missing"), std::string::npos) << result.err;
  EXPECT_EQ(Json::parse(result.out), Json({{"checkpoints",
                                            {{{"file", "r18.pth"},
                                              {"problem", "is missing"},
                                              {"source", "https://example.org/r18"},
                                              {"folder", folder_.string()},
                                              {"backbones", {"resnet18"}},
                                              {"cells", {"lr=1", "lr=2"}}}}}}));
}

TEST_F(CheckpointFilesTest, TheCommandListsTheCatalogAndWhatIsThere) {
  write_file(folder_ / "resnet50-11ad3fa6.pth", "not looked into");

  const CapturedCommand json =
      captured({"checkpoints", "--backbone", "resnet50", "--checkpoints", folder_.string(), "--json"});
  const CapturedCommand table = captured({"checkpoints", "--backbone", "resnet50", "--checkpoints", folder_.string()});
  const CapturedCommand none = captured({"checkpoints", "--backbone", "replknet_nano"});
  const CapturedCommand unknown = captured({"checkpoints", "--backbone", "resnet5"});

  std::map<std::string, Json> found;
  for (const Json& entry : Json::parse(json.out)) found[entry.at("pretraining")] = entry.at("found");
  EXPECT_EQ(found.at("in1k"), Json::array());
  EXPECT_EQ(found.at("in1k_v2"), Json({(folder_ / "resnet50-11ad3fa6.pth").string()}));
  EXPECT_NE(table.out.find("resnet50  in1k_v2      224     1000  resnet50-11ad3fa6.pth  found    https://"),
            std::string::npos)
      << table.out;
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(none.err, "the catalog has no published weights of replknet_nano\n");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("did you mean 'resnet50'?"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace camsweep

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"
#include "tests/workers/training/fakes.h"
#include "workers/checkpoints/model_file.h"
#include "workers/checkpoints/safetensors.h"
#include "workers/commands/commands.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// The commands that read a weights file, on a small ConvNeXt under the names of its official repository.
class CheckpointCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto backbone = make_backbone(find_backbone("convnext_atto"), {.classes = 4, .head = HeadKind::kImagenet});
    fill_fixture(*backbone);
    TensorFile content;
    for (const NamedTensor& entry : backbone->state()) content.tensors.emplace_back(entry.name, entry.tensor);
    write_safetensors(published_, content, Sync::kNo);
    write_model(own_, *backbone,
                {.variant = backbone->variant(),
                 .options = backbone->options(),
                 .resolution = 32,
                 .class_names = {"wren", "tit", "jay", "owl"}});
  }

  // What the command prints; throws what it throws.
  std::string run(std::vector<std::string> arguments) const {
    CLI::App app;
    WorkerCommandLine line;
    add_forward_command(app, line);
    add_localize_command(app, line);
    add_erf_command(app, line);
    add_inspect_checkpoint_command(app, line);
    add_convert_checkpoint_command(app, line);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    testing::internal::CaptureStdout();
    try {
      app.parse(arguments);
    } catch (...) {
      testing::internal::GetCapturedStdout();
      throw;
    }
    return testing::internal::GetCapturedStdout();
  }

  Json json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    return Json::parse(run(arguments));
  }

  std::string refusal(const std::vector<std::string>& arguments) const {
    try {
      run(arguments);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no complaint";
  }

  Json forward(const fs::path& weights, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"forward", "--weights", weights.string(), "--size", "64", "--input", "fixture"});
    return json(more);
  }

  std::string convert(const fs::path& in, const fs::path& out, const char* dialect) const {
    return run({"convert-checkpoint", in.string(), out.string(), "--dialect", dialect});
  }

  ScratchFolder folder_{"checkpoint-commands"};
  fs::path published_ = folder_.path / "published.safetensors";
  fs::path own_ = folder_.path / "own.safetensors";
  fs::path out_ = folder_.path / "out.safetensors";
};

TEST_F(CheckpointCommandsTest, InspectionSaysWhatAFileHolds) {
  const Json found = json({"inspect-checkpoint", published_.string()});

  EXPECT_EQ(found["container"], "safetensors");
  EXPECT_EQ(found["wrapper"], "");
  EXPECT_EQ(found["family"], "convnext");
  EXPECT_EQ(found["variant"], "convnext_atto");
  EXPECT_EQ(found["dialect"], "official");
  EXPECT_EQ(found["classes"], 4);
  EXPECT_EQ(found["form"], "train");
  EXPECT_EQ(found["sha256"], sha256_file(published_));
  EXPECT_EQ(found["ignored"], Json::array());
  EXPECT_EQ(found["tensors"].size(), 128u);
  EXPECT_EQ(found["tensors"][0],
            (Json{{"name", "downsample_layers.0.0.weight"}, {"dtype", "float32"}, {"shape", {40, 3, 4, 4}}}));
  EXPECT_NE(run({"inspect-checkpoint", published_.string()}).find("convnext_atto (official names, 4 classes)"),
            std::string::npos);
}

TEST_F(CheckpointCommandsTest, AFileOfNoKnownNetworkIsInspectedAllTheSame) {
  write_safetensors(out_, {.tensors = {{"bert.weight", at::zeros({2})}}, .metadata = {}}, Sync::kNo);

  const Json found = json({"inspect-checkpoint", out_.string()});

  EXPECT_TRUE(found["family"].is_null());
  EXPECT_EQ(found["tensors"].size(), 1u);
  EXPECT_NE(refusal({"convert-checkpoint", out_.string(), (folder_.path / "x").string()}).find("bert.weight"),
            std::string::npos);
}

TEST_F(CheckpointCommandsTest, AConvertedFileComputesTheSame) {
  const Json before = forward(published_);
  for (const char* dialect : {"timm", "torchvision", "official"}) {
    const fs::path converted = folder_.path / dialect;
    convert(published_, converted, dialect);
    const Json after = forward(converted);

    EXPECT_EQ(after["logits"]["values"], before["logits"]["values"]) << dialect;
    EXPECT_EQ(after["weights"]["dialect"], dialect);
    EXPECT_EQ(after["weights"]["variant"], "convnext_atto");
    EXPECT_EQ(after["weights"]["container"], "safetensors");
  }
  EXPECT_EQ(before["logits"]["values"].size(), 4u);
  EXPECT_EQ(before["normalization"]["mean"], (Json{0.485, 0.456, 0.406}));
}

TEST_F(CheckpointCommandsTest, AConvertedFileOfOursKeepsItsCardAndSaysWhereItCameFrom) {
  convert(own_, out_, "timm");

  const Model model = read_model(out_);

  EXPECT_EQ(model.card.class_names, (std::vector<std::string>{"wren", "tit", "jay", "owl"}));
  EXPECT_EQ(read_safetensors(out_).metadata.at("source_sha256"), sha256_file(own_));
}

TEST_F(CheckpointCommandsTest, AnExistingFileIsReplacedOnRequestAlone) {
  write_file(out_, "dear");

  EXPECT_EQ(refusal({"convert-checkpoint", own_.string(), out_.string()}),
            out_.string() + ": is there already; --force replaces it");
  EXPECT_EQ(read_file(out_), "dear");
  run({"convert-checkpoint", own_.string(), out_.string(), "--force"});
  EXPECT_EQ(read_model(out_).card.resolution, 32);
}

TEST_F(CheckpointCommandsTest, APublishedFileLocalizesWithTheNetworkItHolds) {
  const std::string picture = (folder_.path / "bird.png").string();
  write_png(picture, Image{48, 48, std::vector<uint8_t>(48 * 48 * 3, 90)});
  const std::vector<std::string> localize = {
      "localize", "--weights", published_.string(), "--size", "64", "--out", (folder_.path / "maps").string()};
  std::vector<std::string> named = localize;
  named.insert(named.end(), {"--backbone", "convnext_tiny", picture});
  std::vector<std::string> identified = localize;
  identified.push_back(picture);

  EXPECT_NE(refusal(named).find("holds convnext_atto (official names, 4 classes), not convnext_tiny with 4 classes"),
            std::string::npos)
      << refusal(named);
  run(identified);
  EXPECT_TRUE(fs::exists(folder_.path / "maps/cam-predicted/bird.png.npy"));
}

TEST_F(CheckpointCommandsTest, AveragedWeightsThatAreNotThereAreOneSentence) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"inspect-checkpoint", published_.string(), "--ema"},
           {"convert-checkpoint", published_.string(), out_.string(), "--ema"},
           {"forward", "--weights", published_.string(), "--size", "64", "--input", "fixture", "--ema"}}) {
    EXPECT_EQ(refusal(command), published_.string() +
                                    ": has no averaged weights (model_ema or state_dict_ema), it holds tensors "
                                    "outside of any group")
        << command[0];
  }
}

TEST_F(CheckpointCommandsTest, ANetworkWithoutItsClassifierIsNotComputed) {
  TensorFile content = read_safetensors(published_);
  std::erase_if(content.tensors, [](const auto& entry) { return entry.first.starts_with("head."); });
  write_safetensors(out_, content, Sync::kNo);

  EXPECT_EQ(refusal({"forward", "--weights", out_.string(), "--size", "64", "--input", "fixture"}),
            out_.string() + ": holds convnext_atto (official names, no classifier), but a classifier is needed");
}

}  // namespace
}  // namespace camsweep

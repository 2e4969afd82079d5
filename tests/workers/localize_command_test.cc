#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/training/fakes.h"
#include "workers/checkpoints/model_file.h"
#include "workers/commands/commands.h"
#include "workers/commands/model_arguments.h"
#include "workers/localization/npy.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// `camsweep localize` with an untrained small network.
class LocalizeCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    const ModelCard card{
        .variant = find_backbone("convnext_atto"), .options = {.classes = 4}, .resolution = 32, .class_names = {}};
    const auto backbone = make_backbone(card.variant, card.options);
    backbone->initialize(1);
    write_model(weights_, *backbone, card);
  }

  std::string picture(const std::string& name) const {
    make_directories((folder_.path / name).parent_path());
    write_png(folder_.path / name, Image{16, 16, std::vector<uint8_t>(768, 90)});
    return (folder_.path / name).string();
  }

  // Throws what the command throws.
  void localize(std::vector<std::string> arguments) const {
    CLI::App app;
    WorkerCommandLine line;
    add_localize_command(app, line);
    arguments.insert(arguments.begin(), "localize");
    for (const std::string& part : {std::string("--weights"), weights_.string(), std::string("--out"), out_.string()}) {
      arguments.push_back(part);
    }
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    app.parse(arguments);
  }

  std::string refusal(const std::vector<std::string>& arguments) const {
    try {
      localize(arguments);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  ScratchFolder folder_{"localize-command"};
  fs::path weights_ = folder_.path / "model.safetensors";
  fs::path out_ = folder_.path / "out";
};

TEST_F(LocalizeCommandTest, PicturesMayFollowMethodsAndClasses) {
  const std::string bird = picture("bird.png");
  const std::string wren = picture("wren.png");

  localize({"--method", "cam,pc1", bird, "--class", "predicted,2", wren});

  for (const char* map : {"cam-predicted", "cam-2", "pc1-predicted", "pc1-2"}) {
    EXPECT_TRUE(fs::exists(out_ / map / "bird.png.npy")) << map;
    EXPECT_TRUE(fs::exists(out_ / map / "wren.png.npy")) << map;
  }
}

TEST_F(LocalizeCommandTest, OptionsOfMapsAreThoseOfASweepFile) {
  const std::string bird = picture("bird.png");

  localize({"--method", "gradcam,layercam", "--layers", "stage2", "--flip-average", "true", "--gradcam-pp-eps",
            "library", "--sheet", (out_ / "all/sheet.png").string(), bird});

  EXPECT_TRUE(fs::exists(out_ / "layercam-predicted/bird.png.npy"));
  const ImageSize sheet = read_image_size(out_ / "all/sheet.png");
  EXPECT_EQ(sheet.width, 2 * sheet.height);
  EXPECT_EQ(refusal({"--layers", "stage2+last", bird}),
            "--layers: found 'stage2+last', expected last, or stages in rising order joined by +, like stage2+stage3");
  EXPECT_EQ(refusal({"--weight-split", "-1", bird}), "--weight-split: found -1, expected a number from 0 to 1000000");
  EXPECT_NE(refusal({"--layers", "stage3", bird}).find("cam: weights the last feature map"), std::string::npos);
}

// Class 3 is none of the set's: its map is empty and counted as such.
TEST_F(LocalizeCommandTest, DdtLearnsFromTheImagesOfATrainSet) {
  const std::string bird = picture("bird.png");
  picture("birds/train/gull/1.png");
  picture("birds/train/wren/1.png");
  const std::string birds = (folder_.path / "birds").string();

  EXPECT_NE(refusal({"--method", "ddt", bird}).find("ddt: needs --train-set"), std::string::npos);
  localize({"--method", "cam,ddt", "--train-set", birds, "--class", "0,3", "--side", "8", bird});

  for (const char* map : {"cam-0", "cam-3", "ddt-0", "ddt-3"}) {
    EXPECT_TRUE(fs::exists(out_ / map / "bird.png.npy")) << map;
  }
  EXPECT_EQ(read_npy(out_ / "ddt-3/bird.png.npy").values, std::vector<double>(64, 0.0));
}

TEST_F(LocalizeCommandTest, ATrainSetThatTheModelDoesNotKnowIsRefused) {
  const std::string bird = picture("bird.png");
  for (const char* name : {"a", "b", "c", "d", "e"}) picture(std::string("birds/train/") + name + "/1.png");
  picture("tests/test/a/1.png");
  const auto refused = [&](const char* set) {
    return refusal({"--method", "ddt", "--train-set", (folder_.path / set).string(), bird});
  };

  EXPECT_EQ(refused("birds"), "--train-set: has 5 classes, but the model knows 4");
  EXPECT_EQ(refused("tests"), "--train-set: its train split has no image");
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(LocalizeCommandTest, TwoPicturesOfOneNameAreRefusedBeforeAnythingIsWritten) {
  const std::string first = picture("a/bird.png");
  const std::string second = picture("b/bird.png");

  const std::string text = refusal({first, second});

  EXPECT_NE(text.find(first), std::string::npos) << text;
  EXPECT_NE(text.find(second), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(LocalizeCommandTest, APictureWithoutAClassHasNoMapOfItsOwnClass) {
  const std::string stray = picture("stray.png");
  picture("images/wren.png");
  make_directories(folder_.path / "metadata");
  write_file(folder_.path / "metadata/image_ids.txt", "wren.png\n");
  write_file(folder_.path / "metadata/class_labels.txt", "wren.png,3\n");
  const std::vector<std::string> split = {"--images",   (folder_.path / "images").string(),
                                          "--metadata", (folder_.path / "metadata").string(),
                                          "--class",    "gt"};
  std::vector<std::string> with_stray = split;
  with_stray.push_back(stray);

  EXPECT_NE(refusal(with_stray).find("stray.png' is not known"), std::string::npos) << refusal(with_stray);
  EXPECT_FALSE(fs::exists(out_));
  localize(split);
  EXPECT_TRUE(fs::exists(out_ / "cam-gt/wren.png.npy"));
}

TEST_F(LocalizeCommandTest, NamesThatAreNotUtf8AreRefused) {
  const std::string latin = picture("latin/R\xfcppell.png");

  EXPECT_NE(refusal({"--json", latin}).find("R\\xfcppell.png"), std::string::npos);
  EXPECT_THROW(picture_folder(folder_.path / "latin"), ConfigError);
}

}  // namespace
}  // namespace camsweep

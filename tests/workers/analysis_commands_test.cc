#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/training/fakes.h"
#include "workers/checkpoints/model_file.h"
#include "workers/commands/commands.h"

namespace camsweep {
namespace {

TEST(AnalysisCommandsTest, AnEmptyTestSplitIsWrongInput) {
  const ScratchFolder folder("analysis-commands");
  const ModelCard card{
      .variant = find_backbone("convnext_atto"), .options = {.classes = 4}, .resolution = 32, .class_names = {}};
  write_model(folder.path / "model.safetensors", *make_backbone(card.variant, card.options), card);
  make_directories(folder.path / "data/train/wren");
  write_png(folder.path / "data/train/wren/1.png", Image{16, 16, std::vector<uint8_t>(768, 90)});
  CLI::App app;
  WorkerCommandLine line;
  add_erf_command(app, line);
  add_pca_command(app, line);
  add_activation_command(app, line);
  for (const char* command : {"erf", "pca", "activation"}) {
    std::vector<std::string> backwards = {(folder.path / "data").string(), "--dataset",
                                          (folder.path / "model.safetensors").string(), "--weights", command};
    try {
      app.parse(backwards);
      ADD_FAILURE() << command << " gave a result";
    } catch (const ConfigError& error) {
      EXPECT_STREQ(error.what(), "the test split has no image") << command;
    }
  }
}

}  // namespace
}  // namespace camsweep

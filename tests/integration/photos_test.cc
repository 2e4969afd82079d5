// The same programs on real photographs: CAMSWEEP_PHOTOS names a data set in the `wsol` layout.
#include <gtest/gtest.h>

#include <cstdlib>

#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/integration/command.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class PhotosTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("CAMSWEEP_PHOTOS");
    if (folder == nullptr) GTEST_SKIP() << "give a folder of photographs with --photos";
    photos_ = folder;
  }
  std::string photos_;
};

TEST_F(PhotosTest, SweepLocalizeAndEvaluateRunThrough) {
  const Scratch scratch("photos");
  write_file(scratch.path / "photos.yaml", R"(sweep: photos
dataset: {kind: wsol, root: ")" + photos_ + R"("}
defaults: {resolution: 224, batch: 3, gang: 1, lr: 1.0e-4}
matrix: {backbone: [convnext_atto], augmentation: [true], epochs: [1]}
analyses:
  - {localize: {methods: [cam, cam_positive, cam_negative, pc1]}}
  - {erf: {images: 1, size: 256}}
  - pca
  - {activation: {images: 2}}
)");

  const CommandResult run = camsweep({"run", "photos.yaml"}, scratch.path);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const CommandResult weights = camsweep(
      {"query", "photos", "SELECT job, attempt, path FROM artifacts WHERE kind = 'weights'", "--json"}, scratch.path);
  const Json row = Json::parse(weights.out).at(0);
  const std::string file = "runs/photos/jobs/" + row.at("job").get<std::string>() + "/attempts/" +
                           std::to_string(row.at("attempt").get<int>()) + "/" + row.at("path").get<std::string>();
  const CommandResult localize =
      camsweep({"localize", "--weights", file, "--size", "224", "--method", "cam,pc1", "--class", "gt", "--out", "maps",
                "--images", photos_ + "/images", "--metadata", photos_ + "/metadata/all"},
               scratch.path);
  const fs::path sheet = fs::path(CAMSWEEP_BIN_DIR).parent_path() / "photos" / "every_method.png";
  const CommandResult every_method = camsweep(
      {"localize", "--weights", file, "--method",
       "cam,cam_positive,cam_negative,cam_small,cam_large,gradcam,hirescam,xgradcam,gradcam_pp,layercam,ablationcam,"
       "eigencam,eigengradcam,pc1,scorecam,fullgrad,random,centre",
       "--class", "gt", "--scorecam-channels", "16", "--out", "every", "--sheet", sheet.string(), "--json", "--images",
       photos_ + "/images", "--metadata", photos_ + "/metadata/all"},
      scratch.path);
  const CommandResult evaluate = camsweep(
      {"evaluate", "--metadata", photos_ + "/metadata/all", "--scoremaps", "maps/cam-gt", "--json"}, scratch.path);

  EXPECT_EQ(localize.exit_code, 0) << localize.err;
  EXPECT_EQ(evaluate.exit_code, 0) << evaluate.err;
  ASSERT_EQ(every_method.exit_code, 0) << every_method.err;
  EXPECT_EQ(Json::parse(every_method.out).size(), 5u * 18u);
  EXPECT_TRUE(fs::exists(sheet));
  EXPECT_EQ(Json::parse(evaluate.out).at("images"), 5);
}

}  // namespace
}  // namespace camsweep

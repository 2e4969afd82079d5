#include "workers/data/check.h"

#include <gtest/gtest.h>

#include <string>

#include "schemas/error.h"
#include "tests/workers/data/test_files.h"
#include "workers/data/compose.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Eight PNG files of drawn shapes, 24 px.
class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    write_synth({{"kind", "synth"}, {"classes", 2}, {"train", 2}, {"val", 1}, {"test", 1}, {"side", 24}}, root_,
                [](size_t, size_t) {});
  }
  CheckReport check(int threads = 2) const {
    return check_dataset(*open_folder(root_), threads, [](size_t, size_t) {});
  }

  TestFolder folder_;
  fs::path root_ = folder_.path() / "shapes";
};

TEST_F(CheckTest, ACleanDataSetHasNoFaults) {
  const CheckReport report = check();

  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.images, (std::array<size_t, 3>{4, 2, 2}));
  EXPECT_EQ(report.classes, 2);
}

TEST_F(CheckTest, WrittenShapesAreThoseDrawnOnTheFly) {
  const auto written = open_folder(root_);
  const auto drawn =
      load_dataset({{"kind", "synth"}, {"classes", 2}, {"train", 2}, {"val", 1}, {"test", 1}, {"side", 24}});

  for (size_t i = 0; i < 4; ++i) {
    const Sample& sample = written->samples(Split::kTrain).at(i);
    EXPECT_EQ(sample.boxes, drawn->samples(Split::kTrain)[i].boxes);
    EXPECT_EQ(written->image(sample).rgb, drawn->image(drawn->samples(Split::kTrain)[i]).rgb);
  }
}

TEST_F(CheckTest, FindsEveryDamagedImageAndNotOnlyTheFirst) {
  const std::string whole = read_file(root_ / "images/train/000001.png");
  write_file(root_ / "images/train/000001.png", whole.substr(0, whole.size() / 2));
  fs::remove(root_ / "images/test/000000.png");

  const CheckReport report = check();

  ASSERT_EQ(report.faults.size(), 2u);
  EXPECT_EQ(report.faults[0].image, "train/000001.png");
  EXPECT_EQ(report.faults[1].image, "test/000000.png");
  EXPECT_EQ(report.faults[1].split, Split::kTest);
  for (const DataFault& fault : report.faults) EXPECT_EQ(kind_name(fault.kind), "damaged");
}

TEST_F(CheckTest, FindsABoxOutsideItsImage) {
  write_file(root_ / "metadata/test/localization.txt", "test/000000.png,1,2,23,23\ntest/000001.png,1,2,24,20\n");

  const CheckReport report = check();

  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].image, "test/000001.png");
  EXPECT_EQ(kind_name(report.faults[0].kind), "box");
  EXPECT_NE(report.faults[0].text.find("(1,2,24,20)"), std::string::npos) << report.faults[0].text;
}

TEST_F(CheckTest, FindsASizeThatTheMetadataTellWrong) {
  write_file(root_ / "metadata/val/image_sizes.txt", "val/000000.png,24,25\nval/000001.png,24,24\n");

  const CheckReport report = check();

  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].image, "val/000000.png");
  EXPECT_EQ(kind_name(report.faults[0].kind), "size");
}

TEST_F(CheckTest, TheHashFollowsThePixelsAndNothingElse) {
  const std::string before = check(1).pixels_sha256;

  EXPECT_EQ(check(3).pixels_sha256, before);
  fs::copy_file(root_ / "images/train/000000.png", root_ / "images/train/000002.png",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(check(3).pixels_sha256, before);
}

TEST(CheckNamesTest, NamesThatAreNotUtf8AreFaultsInATextThatJsonCanHold) {
  const TestFolder folder;
  make_directories(folder.path() / "train/R\xfcppell");
  write_png(folder.path() / "train/R\xfcppell/1.png", Image{8, 8, std::vector<uint8_t>(192, 90)});
  folder.file("train/R\xfcppell/2.png", "no image");

  const CheckReport report = check_dataset(*open_folder(folder.path()), 1, [](size_t, size_t) {});

  std::vector<std::string> found;
  for (const DataFault& fault : report.faults) {
    found.push_back(std::string(kind_name(fault.kind)) + " " + fault.image);
    EXPECT_NO_THROW(Json(fault.text).dump());
  }
  EXPECT_EQ(found, (std::vector<std::string>{"name class 'R\\xfcppell'", "name train/R\\xfcppell/1.png",
                                             "name train/R\\xfcppell/2.png", "damaged train/R\\xfcppell/2.png"}));
}

TEST(OpenFolderTest, TellsTheKindByItsLayout) {
  const TestFolder folder;
  folder.file("classes/train/wren/1.jpg", "");
  folder.file("cub/images.txt", "1 wren/1.jpg\n");

  EXPECT_EQ(open_folder(folder.path() / "classes")->samples(Split::kTrain).size(), 1u);
  EXPECT_NE(message_of<ConfigError>([&] { open_folder(folder.path() / "cub"); }).find("cub/"), std::string::npos);
  EXPECT_NE(message_of<ConfigError>([&] { open_folder(folder.path()); }).find("no layout"), std::string::npos);
}

}  // namespace
}  // namespace camsweep

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "workers/localization/map_evaluation.h"
#include "workers/localization/map_resize.h"
#include "workers/localization/npy.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class MapFilesTest : public testing::Test {
 protected:
  void SetUp() override { make_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::string error_of(const fs::path& file) const {
    try {
      read_npy(file);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  fs::path write(const std::string& name, const std::string& dict, const std::string& values) const {
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(dict.size());
    bytes += '\0';
    write_file(folder_ / name, bytes + dict + values);
    return folder_ / name;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(MapFilesTest, NpyGivesBackWhatWasWritten) {
  const ScoreMap map = {2, 3, {0, .1, .2, .3, .4, 1}};

  write_npy(folder_ / "a/b.jpg.npy", map);

  EXPECT_EQ(read_npy(folder_ / "a/b.jpg.npy").values, map.values);
  EXPECT_EQ(read_file(folder_ / "a/b.jpg.npy").size() % 64, 2u * 3 * 8 % 64);
}

TEST_F(MapFilesTest, NpyOfHalfPrecisionIsRead) {
  const fs::path file = write("half.npy", "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2), }",
                              std::string("\x00\x3c\x00\x38", 4));

  EXPECT_EQ(read_npy(file).values, (std::vector<double>{1, .5}));
}

TEST_F(MapFilesTest, OtherArraysAreRefusedByName) {
  const auto dict = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }";
  };

  EXPECT_NE(error_of(write("a.npy", dict(">f8", "False", "1, 1"), std::string(8, '\0'))).find("'>f8'"),
            std::string::npos);
  EXPECT_NE(error_of(write("b.npy", dict("<f8", "True", "1, 1"), std::string(8, '\0'))).find("Fortran"),
            std::string::npos);
  EXPECT_NE(error_of(write("c.npy", dict("<f8", "False", "1,"), std::string(8, '\0'))).find("shape (1,)"),
            std::string::npos);
  EXPECT_NE(error_of(write("d.npy", dict("<f8", "False", "2, 1"), std::string(8, '\0'))).find("8 bytes"),
            std::string::npos);
}

TEST_F(MapFilesTest, AHeaderIsNotBelievedBeforeItsFileIsAsLong) {
  const std::string huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (32768, 32768), }";
  std::string long_header("\x93NUMPY\x02\x00\x00\x00\x20\x00", 12);
  write_file(folder_ / "long.npy", long_header.append(size_t{2} << 20, ' '));

  EXPECT_NE(error_of(write("huge.npy", huge, "12345678")).find("8 bytes of values where 8589934592"),
            std::string::npos);
  EXPECT_NE(error_of(folder_ / "long.npy").find("a header of 2097152 bytes"), std::string::npos);
}

TEST_F(MapFilesTest, AFileThatCannotBeReadIsWrongInputByName) {
  EXPECT_NE(error_of(folder_ / "gone.npy").find("gone.npy"), std::string::npos);
  EXPECT_NE(error_of(folder_).find(folder_.string()), std::string::npos);
}

class EvaluateTest : public MapFilesTest {
 protected:
  void SetUp() override {
    MapFilesTest::SetUp();
    write_file(folder_ / "image_ids.txt", "a.jpg\nb.jpg\n");
    write_file(folder_ / "class_labels.txt", "a.jpg,0\nb.jpg,1\n");
    write_file(folder_ / "image_sizes.txt", "a.jpg,20,20\nb.jpg,40,40");
    write_file(folder_ / "localization.txt", "a.jpg,10,10,19,19\nb.jpg,0,0,19,19\n");
    options_.metadata = folder_;
    options_.maps = folder_ / "maps";
    options_.side = 10;
    write_npy(folder_ / "maps/a.jpg.npy", quarter(5, 5));
    write_npy(folder_ / "maps/b.jpg.npy", quarter(5, 5));
  }

  // 10 x 10 with ones in the quarter from (y, x) on.
  static ScoreMap quarter(int y0, int x0) {
    ScoreMap map{10, 10, std::vector<double>(100, 0)};
    for (int y = y0; y < y0 + 5; ++y) {
      for (int x = x0; x < x0 + 5; ++x) map.values[static_cast<size_t>(10 * y + x)] = 1;
    }
    return map;
  }

  std::string error() const {
    try {
      evaluate_maps(options_);
    } catch (const ConfigError& problem) {
      return problem.what();
    }
    return "";
  }

  EvaluationOptions options_;
};

TEST_F(EvaluateTest, HalfOfTheMapsAreRight) {
  const MapEvaluation evaluation = evaluate_maps(options_);

  EXPECT_EQ(evaluation.images, 2);
  EXPECT_EQ(evaluation.accuracy.maxboxacc().value, 50);
  EXPECT_EQ(evaluation.accuracy.maxboxacc().threshold, 0);
  EXPECT_EQ(evaluation.accuracy.maxboxacc_v2(), 50);
  EXPECT_EQ(evaluation.list[0].score.best_iou, 1);
}

TEST_F(EvaluateTest, BadMapsAreOneSentence) {
  write_npy(folder_ / "maps/b.jpg.npy", ScoreMap{10, 10, std::vector<double>(100, 1.5)});
  EXPECT_NE(error().find("b.jpg.npy: holds 1.5"), std::string::npos);
  write_npy(folder_ / "maps/b.jpg.npy", ScoreMap{10, 10, std::vector<double>(100, std::nan(""))});
  EXPECT_NE(error().find("NaN"), std::string::npos);
  write_npy(folder_ / "maps/b.jpg.npy", ScoreMap{5, 10, std::vector<double>(50, 0)});
  EXPECT_NE(error().find("5 x 10, expected 10 x 10"), std::string::npos);
  write("maps/b.jpg.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (10, 10), }", std::string(800, '\0'));
  EXPECT_NE(error().find("b.jpg.npy: type '<i8'"), std::string::npos);
}

// 2 x 2 pixels with the same values up to a factor and a constant, beside the map at full size.
TEST_F(EvaluateTest, LowResolutionMapsAreRaisedAndStretched) {
  const ScoreMap low{2, 2, {0.2, 0.25, 0.2, 0.6}};
  write_npy(folder_ / "maps/a.jpg.npy", low);
  write_npy(folder_ / "maps/b.jpg.npy", min_max(resize_map(low, 10, 10, MapFilter::kBicubic)).map);
  write_file(folder_ / "localization.txt", "a.jpg,10,10,19,19\nb.jpg,20,20,39,39\n");
  EXPECT_NE(error().find("a.jpg.npy: is 2 x 2, expected 10 x 10"), std::string::npos);

  options_.resize = MapFilter::kBicubic;
  const MapEvaluation evaluation = evaluate_maps(options_);

  EXPECT_GT(evaluation.list[0].score.best_iou, 0.5);
  EXPECT_EQ(evaluation.list[0].score.best_iou, evaluation.list[1].score.best_iou);
  EXPECT_EQ(evaluation.list[0].score.threshold, evaluation.list[1].score.threshold);
}

TEST_F(EvaluateTest, MapsOfOneLevelAreCounted) {
  write_npy(folder_ / "maps/a.jpg.npy", ScoreMap{10, 10, std::vector<double>(100, 0.5)});
  write_npy(folder_ / "maps/b.jpg.npy", ScoreMap{2, 2, std::vector<double>(4, 0.7)});
  options_.resize = MapFilter::kBilinear;

  EXPECT_EQ(evaluate_maps(options_).constant, 2);
}

TEST_F(EvaluateTest, MasksThatAreMissingOrDamagedAreNamed) {
  write_file(folder_ / "masks.txt", "a.jpg,a.png,\nb.jpg,b.png,\n");
  options_.masks = folder_ / "masks";
  EXPECT_NE(error().find("there is no folder '" + options_.masks.string()), std::string::npos);

  make_directories(options_.masks);
  write_png(options_.masks / "a.png", GrayImage{10, 10, std::vector<uint8_t>(100, 255)});
  EXPECT_NE(error().find("masks/b.png"), std::string::npos);
  write_file(options_.masks / "b.png", "no image");
  EXPECT_NE(error().find("masks/b.png"), std::string::npos);
}

TEST_F(EvaluateTest, AnEmptySplitIsRefused) {
  write_file(folder_ / "image_ids.txt", "");
  for (const char* file : {"class_labels.txt", "image_sizes.txt", "localization.txt"}) write_file(folder_ / file, "");

  EXPECT_NE(error().find("image_ids.txt: names no image"), std::string::npos);
}

TEST_F(EvaluateTest, AnImageNameTooLongForAFileIsWrongInput) {
  const std::string id(300, 'a');
  write_file(folder_ / "image_ids.txt", id + "\n");
  write_file(folder_ / "class_labels.txt", id + ",0\n");
  write_file(folder_ / "image_sizes.txt", id + ",20,20\n");
  write_file(folder_ / "localization.txt", id + ",10,10,19,19\n");

  EXPECT_NE(error().find(id), std::string::npos);
}

TEST_F(EvaluateTest, MissingMapsAreRefusedUnlessAllowedAndExtraOnesAreNamed) {
  fs::rename(folder_ / "maps/b.jpg.npy", folder_ / "maps/other.npy");
  EXPECT_NE(error().find("maps/b.jpg.npy, the map of image 'b.jpg' (1 missing"), std::string::npos);

  options_.missing = EvaluationOptions::Missing::kAllow;
  const MapEvaluation evaluation = evaluate_maps(options_);

  EXPECT_EQ(evaluation.images, 1);
  EXPECT_EQ(evaluation.missing, 1);
  ASSERT_EQ(evaluation.additional.size(), 1u);
  EXPECT_NE(evaluation.additional[0].find("other.npy"), std::string::npos);
}

TEST_F(EvaluateTest, OneMapIsNotThatOfTwoImages) {
  fs::remove(folder_ / "maps/b.jpg.npy");
  fs::rename(folder_ / "maps/a.jpg.npy", folder_ / "maps/a.npy");  // the short name of both
  write_file(folder_ / "image_ids.txt", "a.jpg\na.png\n");
  write_file(folder_ / "class_labels.txt", "a.jpg,0\na.png,1\n");
  write_file(folder_ / "image_sizes.txt", "a.jpg,20,20\na.png,40,40");
  write_file(folder_ / "localization.txt", "a.jpg,10,10,19,19\na.png,0,0,19,19\n");

  EXPECT_NE(error().find("maps/a.npy would be the map of two images, 'a.jpg' and 'a.png'"), std::string::npos)
      << error();
}

TEST_F(EvaluateTest, BoxesOutsideTheirImageAreRefused) {
  write_file(folder_ / "localization.txt", "a.jpg,10,10,20,19\nb.jpg,0,0,19,19\n");

  EXPECT_NE(error().find("(10,10,20,19) of 'a.jpg' lies outside"), std::string::npos);
}

TEST_F(EvaluateTest, PredictionsGiveTop1AndTop5) {
  write_file(folder_ / "predictions.csv", "image,c1,c2\na.jpg,1,0\nb.jpg,1,0\n");
  write_npy(folder_ / "maps/a.jpg.0.npy", quarter(5, 5));
  write_npy(folder_ / "maps/b.jpg.1.npy", quarter(0, 0));
  options_.predictions = read_predictions(folder_ / "predictions.csv");

  const MapEvaluation evaluation = evaluate_maps(options_);

  EXPECT_TRUE(evaluation.additional.empty());
  EXPECT_EQ(evaluation.constant, 0);
  EXPECT_EQ(evaluation.accuracy.top1_loc(), 0);  // a's box is right and its class wrong; b the other way round
  ASSERT_TRUE(evaluation.top5_complete);
  EXPECT_EQ(top5_loc(evaluation), 100);
}

}  // namespace
}  // namespace camsweep

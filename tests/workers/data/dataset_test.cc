#include "workers/data/dataset.h"

#include <gtest/gtest.h>

#include <string>

#include "schemas/error.h"
#include "tests/workers/data/test_files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

std::string refusal(const Json& spec) {
  return message_of<ConfigError>([&] { load_dataset(spec); });
}

// The first three entries of wsolevaluation's metadata/CUB/test (spec protocol, 8.1).
void write_test_split(const TestFolder& folder) {
  folder.file("images/a.jpg", "");
  folder.file("metadata/test/image_ids.txt", "001.Albatross/1.jpg\n001.Albatross/2.jpg\n003.Ani/3.jpg");
  folder.file("metadata/test/class_labels.txt", "001.Albatross/1.jpg,0\n001.Albatross/2.jpg,0\n003.Ani/3.jpg,2");
  folder.file("metadata/test/image_sizes.txt",
              "001.Albatross/1.jpg,500,335\n001.Albatross/2.jpg,500,347\n003.Ani/3.jpg,500,470");
  folder.file("metadata/test/localization.txt",
              "001.Albatross/1.jpg,60,27,385,331\r\n001.Albatross/2.jpg,14,112,402,298\n003.Ani/3.jpg,33,53,284,448");
}

Json wsol(const TestFolder& folder) { return {{"kind", "wsol"}, {"root", folder.path().string()}}; }

TEST(WsolDatasetTest, ReadsIdsLabelsSizesAndBoxesInOrder) {
  const TestFolder folder;
  write_test_split(folder);

  const auto dataset = load_dataset(wsol(folder));

  const std::vector<Sample>& samples = dataset->samples(Split::kTest);
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].id, "001.Albatross/1.jpg");
  EXPECT_EQ(samples[0].boxes, (std::vector<Box>{{60, 27, 385, 331}}));
  EXPECT_EQ(samples[1].boxes, (std::vector<Box>{{14, 112, 402, 298}}));
  EXPECT_EQ(samples[2].boxes, (std::vector<Box>{{33, 53, 284, 448}}));
  EXPECT_EQ(samples[2].label, 2);
  EXPECT_EQ(samples[2].width, 500);
  EXPECT_EQ(samples[2].height, 470);
  EXPECT_EQ(dataset->classes(), 3);
  EXPECT_TRUE(dataset->samples(Split::kTrain).empty());
}

TEST(WsolDatasetTest, ClassesAreNamedByTheirFoldersWhereEachHasOne) {
  const TestFolder folder;
  write_test_split(folder);
  const auto names_of = [&](const std::string& ids, const std::string& labels) {
    folder.file("metadata/test/image_ids.txt", ids);
    folder.file("metadata/test/class_labels.txt", labels);
    for (const char* file : {"image_sizes.txt", "localization.txt"})
      folder.file(std::string("metadata/test/") + file, "");
    return load_dataset(wsol(folder))->class_names();
  };

  EXPECT_EQ(names_of("b/1.jpg\na/2.jpg\nb/3.jpg\n", "b/1.jpg,0\na/2.jpg,1\nb/3.jpg,0\n"),
            (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(names_of("b/1.jpg\na/2.jpg\n", "b/1.jpg,0\na/2.jpg,2\n").empty()) << "class 1 has no image";
  EXPECT_TRUE(names_of("val/1.jpg\nval/2.jpg\n", "val/1.jpg,0\nval/2.jpg,1\n").empty()) << "a folder of two classes";
  EXPECT_TRUE(names_of("a/1.jpg\nb/2.jpg\n", "a/1.jpg,0\nb/2.jpg,0\n").empty()) << "a class in two folders";
  EXPECT_TRUE(names_of("1.jpg\n", "1.jpg,0\n").empty()) << "no folder";
}

// The second image of ILSVRC's test split has two boxes.
TEST(WsolDatasetTest, AnImageMayHaveSeveralBoxes) {
  const TestFolder folder;
  write_test_split(folder);
  folder.file("metadata/test/localization.txt",
              "001.Albatross/2.jpg,45,49,499,162\n001.Albatross/2.jpg,2,69,437,207\n");

  const auto dataset = load_dataset(wsol(folder));

  EXPECT_EQ(dataset->samples(Split::kTest)[1].boxes, (std::vector<Box>{{45, 49, 499, 162}, {2, 69, 437, 207}}));
}

TEST(WsolDatasetTest, MasksStandInLinesOfThreeFields) {
  const TestFolder folder;
  write_test_split(folder);
  folder.file("metadata/test/localization.txt", "003.Ani/3.jpg,m1.png,ignore.png\n003.Ani/3.jpg,m2.png,\n");

  const auto dataset = load_dataset(wsol(folder));

  const Sample& sample = dataset->samples(Split::kTest)[2];
  EXPECT_EQ(sample.masks, (std::vector<std::string>{"m1.png", "m2.png"}));
  EXPECT_EQ(sample.ignore_mask, "ignore.png");
}

struct Malformed {
  const char* file;
  const char* text;
  const char* place;
  const char* words;
};

class MalformedWsolTest : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedWsolTest, IsAnErrorThatNamesFileAndLine) {
  const TestFolder folder;
  write_test_split(folder);
  folder.file(std::string("metadata/test/") + GetParam().file, GetParam().text);

  const std::string text = refusal(wsol(folder));

  EXPECT_NE(text.find(GetParam().place), std::string::npos) << text;
  EXPECT_NE(text.find(GetParam().words), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    EachFile, MalformedWsolTest,
    testing::Values(Malformed{"image_ids.txt", "1.jpg\n1.jpg\n", "image_ids.txt:2", "twice"},
                    Malformed{"class_labels.txt", "001.Albatross/1.jpg,zero\n", "class_labels.txt:1", "zero"},
                    Malformed{"class_labels.txt", "001.Albatross/1.jpg,-1\n", "class_labels.txt:1", "at least 0"},
                    Malformed{"class_labels.txt", "001.Albatross/1.jpg\n", "class_labels.txt:1", "expected 2"},
                    Malformed{"class_labels.txt", "001.Albatross/1.jpg,0\n", "class_labels.txt", "no line"},
                    Malformed{"image_sizes.txt", "001.Albatross/1.jpg,0,9\n", "image_sizes.txt:1", "at least 1"},
                    Malformed{"localization.txt", "other.jpg,1,2,3,4\n", "localization.txt:1", "other.jpg"},
                    Malformed{"localization.txt", "\n003.Ani/3.jpg,9,2,3,4\n", "localization.txt:2", "no box"},
                    Malformed{"localization.txt", "003.Ani/3.jpg,1,2,3,4.5\n", "localization.txt:1", "4.5"},
                    Malformed{"localization.txt", "003.Ani/3.jpg,1,2,3\n", "localization.txt:1", "4 fields"}));

TEST(WsolDatasetTest, AMissingFileIsNamed) {
  const TestFolder folder;
  write_test_split(folder);
  fs::remove(folder.path() / "metadata/test/class_labels.txt");

  EXPECT_NE(refusal(wsol(folder)).find("metadata/test/class_labels.txt"), std::string::npos);
}

TEST(WsolDatasetTest, FewerClassesThanLabelsAreRefused) {
  const TestFolder folder;
  write_test_split(folder);
  Json spec = wsol(folder);
  spec["classes"] = 2;

  EXPECT_NE(refusal(spec).find("at least 3"), std::string::npos) << refusal(spec);
}

// Rows 1 to 5 of bounding_boxes.txt and the boxes that wsolevaluation made of them (spec protocol, 8.3).
void write_cub(const TestFolder& folder) {
  Image image{.width = 500, .height = 500, .rgb = std::vector<uint8_t>(size_t{3} * 500 * 500, 90)};
  make_directories(folder.path() / "images/001.Albatross");
  std::string images, labels, splits;
  for (int id = 1; id <= 5; ++id) {
    const std::string name = "001.Albatross/" + std::to_string(id) + ".png";
    write_png(folder.path() / "images" / name, image);
    images += std::to_string(id) + " " + name + "\n";
    labels += std::to_string(id) + (id == 5 ? " 2\n" : " 1\n");
    splits += std::to_string(id) + (id <= 2 ? " 0\n" : " 1\n");
  }
  folder.file("images.txt", images);
  folder.file("image_class_labels.txt", labels);
  folder.file("train_test_split.txt", splits);
  folder.file("classes.txt", "1 001.Albatross\n2 002.Ani\n");
  folder.file("bounding_boxes.txt",
              "1 60.0 27.0 325.0 304.0\n2 139.0 30.0 153.0 264.0\n3 14.0 112.0 388.0 186.0\n"
              "4 112.0 90.0 255.0 242.0\n5 70.0 50.0 134.0 303.0\n");
}

TEST(CubDatasetTest, ConvertsTheOriginalTables) {
  const TestFolder folder;
  write_cub(folder);

  const auto dataset = load_dataset({{"kind", "cub"}, {"root", folder.path().string()}});

  const std::vector<Sample>& test = dataset->samples(Split::kTest);
  const std::vector<Sample>& train = dataset->samples(Split::kTrain);
  ASSERT_EQ(test.size(), 2u);
  ASSERT_EQ(train.size(), 3u);
  EXPECT_EQ(test[0].boxes, (std::vector<Box>{{60, 27, 385, 331}}));
  EXPECT_EQ(test[1].boxes, (std::vector<Box>{{139, 30, 292, 294}}));
  EXPECT_EQ(train[0].boxes, (std::vector<Box>{{14, 112, 402, 298}}));
  EXPECT_EQ(train[1].boxes, (std::vector<Box>{{112, 90, 367, 332}}));
  EXPECT_EQ(train[2].boxes, (std::vector<Box>{{70, 50, 204, 353}}));
  EXPECT_EQ(train[2].label, 1);
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"001.Albatross", "002.Ani"}));
  EXPECT_TRUE(dataset->samples(Split::kVal).empty());
}

TEST(CubDatasetTest, ClipsABoxToItsImage) {
  const TestFolder folder;
  write_cub(folder);
  folder.file("bounding_boxes.txt", "1 60 27 440 473\n2 1 1 9 9\n3 1 1 9 9\n4 1 1 9 9\n5 1 1 9 9\n");

  const auto dataset = load_dataset({{"kind", "cub"}, {"root", folder.path().string()}});

  EXPECT_EQ(dataset->samples(Split::kTest)[0].boxes, (std::vector<Box>{{60, 27, 499, 499}}));
}

TEST(CubDatasetTest, MalformedLinesNameFileAndLine) {
  const TestFolder folder;
  const Json spec = {{"kind", "cub"}, {"root", folder.path().string()}};
  const auto refusal_of = [&](const char* file, const char* text) {
    write_cub(folder);
    folder.file(file, text);
    return refusal(spec);
  };

  EXPECT_NE(refusal_of("image_class_labels.txt", "1 1\n2 0\n").find("image_class_labels.txt:2"), std::string::npos);
  EXPECT_NE(refusal_of("bounding_boxes.txt", "1 a 2 3 4\n").find("bounding_boxes.txt:1"), std::string::npos);
  EXPECT_NE(refusal_of("bounding_boxes.txt", "9 1 2 3 4\n").find("bounding_boxes.txt:1"), std::string::npos);
  EXPECT_NE(refusal_of("images.txt", "1\n").find("images.txt:1"), std::string::npos);
}

TEST(FolderDatasetTest, LabelsAreRanksOfTheSortedClassFolders) {
  const TestFolder folder;
  for (const char* name : {"train/wren/2.jpg", "train/wren/1.jpg", "train/ani/3.jpg", "test/wren/4.jpg"}) {
    folder.file(name, "");
  }

  const auto dataset = load_dataset({{"kind", "folder"}, {"root", folder.path().string()}});

  const std::vector<Sample>& train = dataset->samples(Split::kTrain);
  ASSERT_EQ(train.size(), 3u);
  EXPECT_EQ(train[0].id, "train/ani/3.jpg");
  EXPECT_EQ(train[1].id, "train/wren/1.jpg");
  EXPECT_EQ(train[1].label, 1);
  EXPECT_TRUE(train[1].boxes.empty());
  EXPECT_EQ(dataset->samples(Split::kTest)[0].label, 1);
  EXPECT_EQ(dataset->classes(), 2);
}

TEST(FolderDatasetTest, AFolderWithoutClassesIsRefused) {
  const TestFolder folder;

  EXPECT_NE(refusal({{"kind", "folder"}, {"root", folder.path().string()}}).find("class folders"), std::string::npos);
}

TEST(DatasetTest, UnknownKindAndMissingFolderAreRefused) {
  EXPECT_NE(refusal({{"kind", "imagenet"}}).find("imagenet"), std::string::npos);
  EXPECT_NE(refusal({{"kind", "wsol"}, {"root", "/no/such/folder"}}).find("/no/such/folder"), std::string::npos);
  EXPECT_NE(refusal({{"kind", "cub"}}).find("dataset.root"), std::string::npos);
}

TEST(WsolDatasetTest, AFolderWithoutMetadataIsNamed) {
  const TestFolder folder;
  make_directories(folder.path() / "images");

  const std::string text = message_of<ConfigError>([&] {
    load_dataset({{"kind", "wsol"}, {"root", folder.path().string()}});
  });

  EXPECT_EQ(text, "there is no folder '" + (folder.path() / "metadata").string() + "'");
}

TEST(DatasetNamesTest, NamesThatAreNotUtf8AreRefusedBeforeATrainingNeedsThem) {
  const TestFolder folder;
  folder.file("classes/train/R\xfcppell/1.jpg", "");
  folder.file("images/train/wren/R\xfc.jpg", "");

  EXPECT_NE(refusal({{"kind", "folder"}, {"root", (folder.path() / "classes").string()}}).find("'R\\xfcppell'"),
            std::string::npos);
  EXPECT_NE(refusal({{"kind", "folder"}, {"root", (folder.path() / "images").string()}}).find("train/wren/R\\xfc.jpg"),
            std::string::npos);
}

}  // namespace
}  // namespace camsweep

#include "orchestrator/dataset_fingerprint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class FingerprintTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }

  // Two images in the layout of wsolevaluation.
  Json wsol(const std::string& name) {
    const fs::path root = folder_ / name;
    for (const char* split : {"train", "test"}) {
      fs::create_directories(root / "metadata" / split);
      const std::string image = std::string(split) + ".jpg";
      write_file(root / "metadata" / split / "image_ids.txt", image + "\n");
      write_file(root / "metadata" / split / "class_labels.txt", image + ",0");
      fs::create_directories(root / "images");
      write_file(root / "images" / image, "pixels");
    }
    return {{"kind", "wsol"}, {"root", root.string()}};
  }

  std::string fingerprint(const Json& dataset) {
    HashCache cache(folder_ / "cache" / "hashes.json");
    return dataset_fingerprint(resolve_dataset(dataset, folder_ / "x.yaml"), cache);
  }

  std::string error_of(const Json& dataset) {
    try {
      fingerprint(dataset);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("fingerprint_test" + std::to_string(::getpid()));
};

TEST_F(FingerprintTest, IsThatOfTheContentNotOfThePlace) {
  Json apart = wsol("b");
  apart = {{"kind", "wsol"}, {"images", "b/images"}, {"metadata", "b/metadata"}};

  EXPECT_EQ(fingerprint(wsol("a")), fingerprint(apart));
}

TEST_F(FingerprintTest, ChangesWithMetadataAndWithTheSizeOfAnImage) {
  const Json dataset = wsol("a");
  const std::string before = fingerprint(dataset);

  write_file(folder_ / "a" / "metadata" / "test" / "class_labels.txt", "test.jpg,1,");
  const std::string relabelled = fingerprint(dataset);
  write_file(folder_ / "a" / "images" / "test.jpg", "more pixels");
  const std::string grown = fingerprint(dataset);
  write_file(folder_ / "a" / "images" / "unlisted.jpg", "pixels");

  EXPECT_NE(before, relabelled);
  EXPECT_NE(relabelled, grown);
  EXPECT_EQ(fingerprint(dataset), grown);
}

TEST_F(FingerprintTest, ChangesWithTheListOfMasksAndTheirSizes) {
  const Json dataset = wsol("a");
  const std::string without = fingerprint(dataset);

  write_file(folder_ / "a" / "metadata" / "test" / "masks.txt", "test.jpg,test.png,ignore.png\n");
  const std::string listed = fingerprint(dataset);
  fs::create_directories(folder_ / "a" / "masks");
  write_file(folder_ / "a" / "masks" / "test.png", "mask");
  const std::string with_file = fingerprint(dataset);
  write_file(folder_ / "a" / "masks" / "test.png", "larger mask");
  const std::string grown = fingerprint(dataset);
  write_file(folder_ / "a" / "masks" / "ignore.png", "mask");

  EXPECT_EQ(std::set<std::string>({without, listed, with_file, grown, fingerprint(dataset)}).size(), 5U);
}

TEST_F(FingerprintTest, MasksBesideTheImagesCountToo) {
  const Json dataset = wsol("a");
  write_file(folder_ / "a" / "metadata" / "test" / "localization.txt", "test.jpg,test_m1.png,\n");
  const std::string missing = fingerprint(dataset);

  write_file(folder_ / "a" / "images" / "test_m1.png", "mask");

  EXPECT_NE(fingerprint(dataset), missing);
}

TEST_F(FingerprintTest, MissingFilesAreNamed) {
  Json dataset = wsol("a");
  fs::remove(folder_ / "a" / "images" / "test.jpg");
  EXPECT_EQ(error_of(dataset), "dataset: the image " + (folder_ / "a/images/test.jpg").string() + " is missing");

  fs::remove(folder_ / "a" / "metadata" / "train" / "class_labels.txt");
  EXPECT_EQ(error_of(dataset),
            "dataset: the file " + (folder_ / "a/metadata/train/class_labels.txt").string() + " is missing");
  EXPECT_EQ(error_of({{"kind", "cub"}, {"root", "nowhere"}}),
            (folder_ / "x.yaml").string() + ": dataset.root: there is no folder 'nowhere'");
}

TEST_F(FingerprintTest, ClassFoldersAreKnownByPathsAndSizes) {
  fs::create_directories(folder_ / "c" / "train" / "owl");
  fs::create_directories(folder_ / "c" / "test" / "owl");
  write_file(folder_ / "c/train/owl/1.png", "a");
  write_file(folder_ / "c/test/owl/2.png", "bb");
  const Json dataset = {{"kind", "folder"}, {"root", "c"}};
  const std::string before = fingerprint(dataset);

  fs::rename(folder_ / "c/train/owl", folder_ / "c/train/wren");

  EXPECT_NE(fingerprint(dataset), before);
}

TEST_F(FingerprintTest, DrawnDataIsKnownByItsOptions) {
  EXPECT_EQ(fingerprint({{"kind", "synth"}}), fingerprint({{"kind", "synth"}, {"classes", 4}, {"side", 96}}));
  EXPECT_NE(fingerprint({{"kind", "synth"}}), fingerprint({{"kind", "synth"}, {"seed", 1}}));
}

TEST_F(FingerprintTest, CachedHashesAreUsedUntilTheFileChanges) {
  fs::create_directories(folder_);
  write_file(folder_ / "weights", "one");
  const fs::path stored = folder_ / "cache" / "hashes.json";
  { EXPECT_EQ(HashCache(stored).sha256(folder_ / "weights"), sha256("one")); }
  Json entries = Json::parse(read_file(stored));
  entries.begin().value()["sha256"] = "remembered";
  write_file(stored, entries.dump());

  EXPECT_EQ(HashCache(stored).sha256(folder_ / "weights"), "remembered");
  write_file(folder_ / "weights", "three");
  EXPECT_EQ(HashCache(stored).sha256(folder_ / "weights"), sha256("three"));
}

TEST_F(FingerprintTest, ADamagedCacheIsIgnored) {
  fs::create_directories(folder_ / "cache");
  write_file(folder_ / "weights", "one");
  write_file(folder_ / "cache" / "hashes.json", "{ no json");

  EXPECT_EQ(HashCache(folder_ / "cache" / "hashes.json").sha256(folder_ / "weights"), sha256("one"));
}

}  // namespace
}  // namespace camsweep

#include "schemas/checkpoint_catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

constexpr const char* kHead =
    "defaults: {normalization: {mean: [0.5, 0.5, 0.5], std: [1, 1, 1]}, resolution: 224, classes: 1000}\n"
    "checkpoints:\n";

CheckpointCatalog read(const std::string& entries) { return read_checkpoint_catalog(kHead + entries, "c.yaml"); }

std::string error_of(const std::string& entries) {
  try {
    read(entries);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CheckpointCatalogTest, AnEntryFillsWhatItLeavesOpenFromTheDefaults) {
  const CheckpointCatalog catalog = read(
      "  - {name: mine, backbone: resnet18, file: a.pth, source: here}\n"
      "  - {name: large, backbone: resnet18, file: b/model.pth, source: there, sha256: \"0123abcd\", resolution: 384,\n"
      "     classes: null, normalization: {mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]}}\n");

  ASSERT_EQ(catalog.entries().size(), 2u);
  const PublishedCheckpoint* mine = catalog.find("resnet18", "mine");
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(mine->file, "a.pth");
  EXPECT_EQ(mine->source, "here");
  EXPECT_EQ(mine->sha256, "");
  EXPECT_EQ(mine->resolution, 224);
  EXPECT_EQ(mine->classes, 1000);
  EXPECT_EQ(mine->mean, Json({0.5, 0.5, 0.5}));
  EXPECT_EQ(mine->std, Json({1, 1, 1}));
  const PublishedCheckpoint* large = catalog.find("resnet18", "large");
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(large->sha256, "0123abcd");
  EXPECT_EQ(large->resolution, 384);
  EXPECT_EQ(large->classes, std::nullopt);
  EXPECT_EQ(large->mean, Json({0.1, 0.2, 0.3}));
}

TEST(CheckpointCatalogTest, AListOfBackbonesIsOneEntryForEach) {
  const CheckpointCatalog catalog =
      read("  - {name: in1k, backbone: [resnet50, resnet50_wsol_14], file: a.pth, source: here}\n");

  EXPECT_NE(catalog.find("resnet50", "in1k"), nullptr);
  EXPECT_NE(catalog.find("resnet50_wsol_14", "in1k"), nullptr);
  EXPECT_EQ(catalog.find("resnet50_wsol_28", "in1k"), nullptr);
  EXPECT_EQ(catalog.names("resnet50"), std::vector<std::string>{"in1k"});
}

TEST(CheckpointCatalogTest, ASweepsOwnBackbonesCanBeListed) {
  const Json own = {{"my_net", {{"base", "resnet18"}, {"depths", {1, 1, 1, 1}}}}};
  const std::string entries = "  - {name: mine, backbone: my_net, file: a.pth, source: here}\n";

  EXPECT_NE(read_checkpoint_catalog(kHead + entries, "c.yaml", own).find("my_net", "mine"), nullptr);
  EXPECT_NE(error_of(entries).find("c.yaml:3:28: checkpoints[0].backbone: unknown backbone 'my_net'"),
            std::string::npos);
}

TEST(CheckpointCatalogTest, ACatalogOfOnesOwnAddsAndWins) {
  const CheckpointSettings settings{.folder = "",
                                    .own = read("  - {name: in1k, backbone: resnet18, file: mine.pth, source: s}\n"
                                                "  - {name: extra, backbone: resnet18, file: extra.pth, source: s}\n")};
  std::vector<std::string> names = published_checkpoints().names("resnet18");
  names.emplace_back("extra");

  EXPECT_EQ(settings.names("resnet18"), names);
  EXPECT_EQ(settings.find("resnet18", "in1k")->file, "mine.pth");
  EXPECT_EQ(settings.find("resnet18", "in1k_legacy"), published_checkpoints().find("resnet18", "in1k_legacy"));
  EXPECT_EQ(settings.find("resnet18", "no_such"), nullptr);
}

TEST(CheckpointCatalogTest, MistakesAreReportedTogetherAtTheirPlaces) {
  EXPECT_EQ(error_of("  - {name: in1k, backbone: resnet18, file: a.pth, sorce: here}\n"
                     "  - {name: a/b, backbone: resnet18, file: a.pth, source: s}\n"
                     "  - {name: c, backbone: resnet18, file: a.pth, source: s, sha256: \"f37072\"}\n"),
            "c.yaml:3:5: checkpoints[0]: the key 'source' is missing\n"
            "c.yaml:3:51: checkpoints[0].sorce: found the unknown key 'sorce'; did you mean 'source'?\n"
            "c.yaml:4:12: checkpoints[1].name: found 'a/b', expected letters, digits, '_' and '-'\n"
            "c.yaml:5:67: checkpoints[2].sha256: found 'f37072', expected the first 8 to 64 hexadecimal digits, lower "
            "case and in quotes");
}

TEST(CheckpointCatalogTest, WhatTheSchemaCannotSeeIsReportedToo) {
  EXPECT_EQ(error_of("  - {name: in1k, backbone: [resnet18, resnet19], file: a.pth, source: s}\n"
                     "  - {name: in1k, backbone: resnet18, file: b.pth, source: s}\n"
                     "  - {name: none, backbone: resnet18, file: c.pth, source: s}\n"),
            "c.yaml:3:39: checkpoints[0].backbone[1]: unknown backbone 'resnet19'; did you mean 'resnet18'? (`camsweep "
            "backbones` lists them)\n"
            "c.yaml:4:28: checkpoints[1].backbone: 'resnet18' has an entry of the name 'in1k' already\n"
            "c.yaml:5:12: checkpoints[2].name: 'none' means random initialization: choose another");
}

TEST(CheckpointCatalogTest, AValueThatNothingGivesIsReported) {
  try {
    read_checkpoint_catalog(
        "defaults: {resolution: 224}\ncheckpoints:\n  - {name: a, backbone: resnet18, file: a, source: s}\n", "c.yaml");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "c.yaml:3:5: checkpoints[0]: neither it nor `defaults` gives 'normalization'");
  }
}

TEST(CheckpointCatalogTest, AFileThatIsNotThereIsBadInput) {
  EXPECT_THROW(load_checkpoint_catalog("/nowhere/c.yaml", Json::object()), ConfigError);
}

// Reading it checks every backbone and that no name stands twice.
TEST(PublishedCheckpointsTest, AreTheFileInExperiments) {
  const std::string file = CAMSWEEP_SOURCE_DIR "/experiments/checkpoints.yaml";

  const CheckpointCatalog catalog = load_checkpoint_catalog(file, Json::object());

  EXPECT_GT(catalog.entries().size(), 100u);
  EXPECT_EQ(published_checkpoints().entries().size(), catalog.entries().size());
}

// Of the families of the papers alone `replknet_nano` (ours) and what was never released have none.
TEST(PublishedCheckpointsTest, EveryFamilyHasThem) {
  std::set<std::string> families;
  for (const PublishedCheckpoint& entry : published_checkpoints().entries()) {
    families.insert(find_backbone(entry.backbone).family);
  }

  for (const CatalogEntry& entry : backbone_catalog()) {
    EXPECT_EQ(families.count(entry.variant.family), takes_signals(entry.variant) ? 0u : 1u) << entry.variant.name;
  }
  EXPECT_TRUE(published_checkpoints().names("replknet_nano").empty());
}

// torchvision, timm's releases and mmpretrain end a file's name in the first digits of its SHA-256.
TEST(PublishedCheckpointsTest, DigitsOfAFilesNameAreThoseOfItsHash) {
  size_t checked = 0;
  for (const PublishedCheckpoint& entry : published_checkpoints().entries()) {
    if (entry.source.find("download.pytorch.org") == std::string::npos &&
        entry.source.find("github.com") == std::string::npos &&
        entry.source.find("openmmlab.com") == std::string::npos) {
      continue;
    }
    EXPECT_EQ(entry.file.substr(entry.file.size() - 13), "-" + entry.sha256 + ".pth") << entry.file;
    EXPECT_TRUE(entry.source.ends_with("/" + entry.file)) << entry.source;
    ++checked;
  }
  EXPECT_GT(checked, 50u);
}

// Two sources for one file name would make the search in a folder ambiguous.
TEST(PublishedCheckpointsTest, AFilesNameStandsForOneSource) {
  std::map<std::string, std::string> sources;
  for (const PublishedCheckpoint& entry : published_checkpoints().entries()) {
    EXPECT_EQ(sources.emplace(entry.file, entry.source).first->second, entry.source) << entry.file;
    EXPECT_TRUE(entry.source.starts_with("https://")) << entry.source;
  }
}

// Spec backbones, 2.5, 8, 9 and 11.4: who feeds what.
TEST(PublishedCheckpointsTest, NormalizationIsThatOfTheAuthors) {
  const auto mean = [](const char* backbone, const char* name) {
    const PublishedCheckpoint* entry = published_checkpoints().find(backbone, name);
    return entry ? entry->mean : Json();
  };
  const Json imagenet = {0.485, 0.456, 0.406};
  const Json half = {0.5, 0.5, 0.5};

  EXPECT_EQ(mean("resnet50", "in1k_v2"), imagenet);
  EXPECT_EQ(mean("convnext_base", "in22k_in1k_384"), imagenet);
  EXPECT_EQ(mean("replknet_31b", "in1k_384"), imagenet);
  EXPECT_EQ(mean("replknet_xl", "megdata73m"), half);
  EXPECT_EQ(mean("googlenet_gap", "in1k"), half) << "transform_input";
  EXPECT_EQ(mean("inception_v3", "in1k"), half) << "transform_input";
  EXPECT_EQ(mean("inception_v3_wsol_14", "in1k"), imagenet);
  EXPECT_EQ(mean("replknet_31b", "in1k_cub_384"), half);
}

}  // namespace
}  // namespace camsweep

#include "workers/checkpoints/model_file.h"

#include <gtest/gtest.h>

#include <string>

#include "schemas/hash.h"
#include "tests/workers/checkpoints/checkpoint_samples.h"
#include "workers/checkpoints/safetensors.h"

namespace camsweep {
namespace {

TEST(ModelFileTest, AModelComesBackWithItsCardAndItsLogits) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_round_trip.safetensors";
  const auto backbone = fixture(small_convnext(), {.classes = 3, .pool = Pool::kGmp, .drop_path = 0.1});
  const ModelCard card = {.variant = backbone->variant(),
                          .options = backbone->options(),
                          .resolution = 64,
                          .mean = {0.1, 0.2, 0.3},
                          .std = {1, 2, 3},
                          .class_names = {"wren", "tit", "jay"},
                          .epoch = 9};

  const std::string hash = write_model(path, *backbone, card);
  const Model model = read_model(path);

  EXPECT_EQ(hash, sha256_file(path));
  EXPECT_EQ(to_json(model.card.variant), to_json(card.variant));
  EXPECT_EQ(model.card.options.pool, Pool::kGmp);
  EXPECT_EQ(model.card.options.drop_path, 0.1);
  EXPECT_EQ(model.card.resolution, 64);
  EXPECT_EQ(model.card.mean, card.mean);
  EXPECT_EQ(model.card.std, card.std);
  EXPECT_EQ(model.card.class_names, card.class_names);
  EXPECT_EQ(model.card.epoch, 9);
  const at::Tensor images = fixture_input(1, 64);
  EXPECT_TRUE(model.backbone->classify(model.backbone->features(images, {}), {})
                  .equal(backbone->classify(backbone->features(images, {}), {})));
  std::filesystem::remove(path);
}

TEST(ModelFileTest, AcolsHeadComesBackWithItsThreshold) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "acol_round_trip.safetensors";
  const auto backbone =
      fixture(small_convnext(), {.classes = 3, .erasing = ErasingOptions{.threshold = 0.8, .channels = 6}});

  write_model(path, *backbone, {.variant = backbone->variant(), .options = backbone->options(), .class_names = {}});
  const Model model = read_model(path);

  ASSERT_TRUE(model.card.options.erasing);
  EXPECT_EQ(model.card.options.erasing->threshold, 0.8);
  EXPECT_NE(describe(known_network(open_weights(path))).find("3 classes, the head of acol"), std::string::npos);
  const at::Tensor images = fixture_input(1, 64);
  EXPECT_TRUE(model.backbone->classify(model.backbone->features(images, {}), {})
                  .equal(backbone->classify(backbone->features(images, {}), {})));
  std::filesystem::remove(path);
}

TEST(ModelFileTest, AMergedNetworkIsMadeOfTheFileOfATrainedOneAndOfAMergedOne) {
  const auto trained = fixture(small_replknet(), {.classes = 3});
  const auto merged = to_form(*trained, Form::kMerged);
  const ModelCard card = {.variant = trained->variant(), .options = merged->options(), .class_names = {}};

  for (const Backbone* source : {trained.get(), merged.get()}) {
    const Model model = load_model(understand(file_of(*source)), card);

    EXPECT_EQ(model.backbone->options().form, Form::kMerged);
    const at::Tensor images = fixture_input(1, 64);
    EXPECT_TRUE(model.backbone->features(images, {}).equal(merged->features(images, {})));
  }
  EXPECT_NE(refusal([&] {
              ModelCard folded = card;
              folded.options.form = Form::kFolded;
              load_model(understand(file_of(*merged)), folded);
            }).find("a network of the form folded is not loaded from one of the form merged"),
            std::string::npos);
}

TEST(ModelFileTest, AFileOfOursSaysOfWhichFormItsNetworkIs) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_merged.safetensors";
  const auto trained = fixture(small_replknet(), {.classes = 3});
  const at::Tensor images = fixture_input(1, 64);
  for (const Form form : {Form::kTrain, Form::kMerged, Form::kFolded}) {
    const auto written = to_form(*trained, form);
    write_model(path, *written, {.variant = written->variant(), .options = written->options(), .class_names = {}});

    const Model model = read_model(path);

    EXPECT_EQ(model.card.options.form, form);
    EXPECT_TRUE(model.backbone->features(images, {}).equal(written->features(images, {})));
  }
  std::filesystem::remove(path);
}

TEST(ModelFileTest, TheCardOfATrainedNetworkDoesNotNameItsForm) {
  FileMetadata metadata;
  write_card(metadata, {.variant = small_replknet(), .options = {.classes = 3}, .class_names = {}});

  EXPECT_FALSE(Json::parse(metadata.at("camsweep")).contains("form"));
}

TEST(ModelFileTest, AFileWithoutACardIsNoModelOfOurs) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_no_card.safetensors";
  write_safetensors(path, {.tensors = {{"conv1.weight", at::zeros({1})}}, .metadata = {}}, Sync::kNo);

  EXPECT_THROW(read_model(path), ConfigError);

  std::filesystem::remove(path);
}

TEST(ModelFileTest, ADamagedCardIsWrongInput) {
  EXPECT_THROW(model_card({{"camsweep", "{"}}, "x"), ConfigError);
  EXPECT_THROW(model_card({{"camsweep", "{\"variant\": {}}"}}, "x"), ConfigError);
  EXPECT_FALSE(model_card({}, "x").has_value());
}

}  // namespace
}  // namespace camsweep

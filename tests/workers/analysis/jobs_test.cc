#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "schemas/files.h"
#include "schemas/hash.h"
#include "schemas/metric_names.h"
#include "tests/workers/training/fakes.h"
#include "workers/analysis/activation_job.h"
#include "workers/analysis/erf_job.h"
#include "workers/analysis/pca_job.h"
#include "workers/analysis/signals_job.h"
#include "workers/analysis/svm_job.h"
#include "workers/data/compose.h"
#include "workers/localization/localize_job.h"
#include "workers/localization/npy.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// The analyses on an untrained small network and drawn pictures.
class AnalysisJobsTest : public testing::Test {
 protected:
  using Job = JobEnd (*)(JobContext&);

  void SetUp() override {
    const ModelCard card{
        .variant = find_backbone("convnext_atto"), .options = {.classes = 4}, .resolution = 64, .class_names = {}};
    const auto backbone = make_backbone(card.variant, card.options);
    backbone->initialize(1);
    assignment_.inputs["weights"] = {(folder_.path / "model.safetensors").string(), ""};
    assignment_.inputs["weights"].sha256 = write_model(assignment_.inputs["weights"].path, *backbone, card);
    assignment_.dataset = {{"kind", "synth"}, {"classes", 4}, {"side", 48}, {"train", 1}, {"val", 2}, {"test", 9}};
    assignment_.directory = (folder_.path / "attempt").string();
  }

  // What rank 0 ends with.
  JobEnd run(Job job, int ranks = 1) {
    std::optional<JobEnd> end;
    on_ranks(ranks, [&](Collective& collective) {
      FakeReporter reporter;
      JobContext context{assignment_, collective, reporter, stop_};
      JobEnd own = job(context);
      if (collective.rank() == 0) end = std::move(own);
    });
    return *end;
  }

  JobSuccess succeed(Job job, int ranks = 1) {
    const JobEnd end = run(job, ranks);
    if (const auto* failure = std::get_if<JobFailure>(&end)) ADD_FAILURE() << failure->text;
    const auto* success = std::get_if<JobSuccess>(&end);
    return success ? *success : JobSuccess{};
  }

  static std::map<std::string, double> numbers(const JobSuccess& success) {
    std::map<std::string, double> values;
    for (const Metric& metric : success.metrics) values[metric.name] = metric.value;
    return values;
  }

  ScratchFolder folder_{"analysis-jobs"};
  Assignment assignment_;
  std::atomic<StopRequest> stop_ = StopRequest::kNone;
};

TEST_F(AnalysisJobsTest, LocalizeLeavesNumbersMapsAndPictures) {
  assignment_.parameters = {{"methods", {"cam", "pc1"}}, {"save_maps", 2}, {"threshold_step", 0.01}};

  const JobSuccess success = succeed(run_localize);

  const auto values = numbers(success);
  for (const char* name : {"cam.maxboxacc", "cam_gt.maxboxacc", "cam.maxboxacc_v2", "cam.maxboxacc_transfer",
                           "cam.top1_loc", "cam_gt.gt_known", "pc1.maxboxacc_30", "pc1_gt.maxboxacc_v2_transfer",
                           "floor.whole_image", "floor.centred", "localize.top1", "localize.constant_maps"}) {
    EXPECT_EQ(values.count(name), 1u) << name;
  }
  EXPECT_EQ(values.at("localize.images"), 36);
  EXPECT_GE(values.at("floor.centred"), values.at("floor.whole_image"));
  std::map<std::string, int> kinds;
  for (const Artifact& artifact : success.artifacts) {
    ++kinds[artifact.kind];
    EXPECT_EQ(sha256_file(folder_.path / "attempt" / artifact.path), artifact.sha256) << artifact.path;
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"overlay", 4}, {"score_maps", 4}, {"table", 1}}));
  const std::string id = load_dataset(assignment_.dataset)->samples(Split::kTest)[0].id;
  EXPECT_EQ(read_npy(folder_.path / "attempt/artifacts/maps/cam" / (id + ".npy")).width, 224);
}

TEST_F(AnalysisJobsTest, ManyMapsAreOneArtifactAndFewOfThemArePictures) {
  for (const Json& save : {Json(20), Json("all")}) {
    assignment_.parameters = {{"methods", {"cam"}}, {"save_maps", save}, {"threshold_step", 0.01}};

    const JobSuccess success = succeed(run_localize);

    std::map<std::string, int> kinds;
    for (const Artifact& artifact : success.artifacts) ++kinds[artifact.kind];
    EXPECT_EQ(kinds, (std::map<std::string, int>{{"overlay", 12}, {"score_maps", 2}, {"table", 1}})) << save;
    const std::string list = read_file(folder_.path / "attempt/artifacts/maps/cam.sha256");
    EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), save == "all" ? 36 : 20);
  }
}

TEST_F(AnalysisJobsTest, FiguresDoNotDependOnTheNumberOfRanksAndReportsKnowTheirNames) {
  struct Case {
    Job job;
    Stage stage;
    Json parameters;
  };
  const std::vector<Case> cases = {{run_localize,
                                    Stage::kLocalize,
                                    {{"methods", {"cam", "cam_negative"}}, {"save_maps", 3}, {"threshold_step", 0.01}}},
                                   {run_erf, Stage::kErf, {{"images", 3}, {"size", 64}}},
                                   {run_pca, Stage::kPca, {{"images", 5}}},
                                   {run_activation, Stage::kActivation, {{"images", 5}, {"threshold", 0.1}}},
                                   {run_svm, Stage::kSvm, Json::object()}};
  for (const auto& [job, stage, parameters] : cases) {
    assignment_.parameters = parameters;
    const std::vector<std::string> known =
        metric_names({{.stage = stage, .options = parameters, .at = {}, .place = {}}});

    const JobSuccess one = succeed(job, 1);
    const JobSuccess two = succeed(job, 2);

    EXPECT_EQ(numbers(one), numbers(two));
    EXPECT_FALSE(numbers(one).empty());
    for (const Metric& metric : one.metrics) {
      EXPECT_NE(std::find(known.begin(), known.end(), metric.name), known.end()) << metric.name;
    }
    ASSERT_EQ(one.curves.size(), two.curves.size());
    for (size_t i = 0; i < one.curves.size(); ++i) EXPECT_EQ(one.curves[i].y, two.curves[i].y) << one.curves[i].name;
  }
}

// The network that was trained on nothing: what is counted adds up, whatever it recognizes.
TEST_F(AnalysisJobsTest, SignalsLeaveNumbersATableAndAPictureWhateverTheRanks) {
  const ModelCard card{
      .variant = find_backbone("signal_cnn"), .options = {.classes = 2}, .resolution = 40, .class_names = {}};
  const auto backbone = make_backbone(card.variant, card.options);
  backbone->initialize(1);
  assignment_.inputs["weights"].sha256 = write_model(assignment_.inputs["weights"].path, *backbone, card);
  assignment_.dataset = {{"kind", "signals"}, {"length", 40}, {"segment", 8}, {"train", 1}, {"test", 300}};
  const std::vector<std::string> known =
      metric_names({{.stage = Stage::kSignals, .options = Json::object(), .at = {}, .place = {}}});

  const JobSuccess one = succeed(run_signals, 1);
  const JobSuccess two = succeed(run_signals, 2);

  const auto values = numbers(one);
  EXPECT_EQ(values, numbers(two));
  for (const auto& [name, value] : values) EXPECT_EQ(std::count(known.begin(), known.end(), name), 1) << name;
  EXPECT_EQ(values.at("signals.signals"), 600);
  EXPECT_LE(values.at("signals.scored") + values.at("signals.empty_maps"), 300);
  EXPECT_EQ(values.contains("signals.iou"), values.at("signals.scored") > 0);
  const std::string table = read_file(folder_.path / "attempt/artifacts/signals.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 601);
  EXPECT_EQ(one.artifacts[1].kind, "figure");
  EXPECT_TRUE(fs::exists(folder_.path / "attempt" / one.artifacts[1].path));
}

TEST_F(AnalysisJobsTest, SvmScoresWholeImagesAndCropsWhereThereAreBoxes) {
  assignment_.dataset["train"] = 6;

  const JobSuccess success = succeed(run_svm);

  const auto values = numbers(success);
  for (const char* name : {"svm.top1", "svm.cost", "svm.top1_cam_crop", "svm.top1_gt_crop", "svm.crop_iou"}) {
    EXPECT_EQ(values.count(name), 1u) << name;
  }
  EXPECT_GT(values.at("svm.crop_iou"), 0);
  EXPECT_LE(values.at("svm.crop_iou"), 1);
  EXPECT_GT(values.at("svm.top1_gt_crop"), 50);  // shapes and colours of four classes, close up: chance is 25
  EXPECT_EQ(success.artifacts.size(), 12u);
  for (const Artifact& artifact : success.artifacts) {
    EXPECT_EQ(artifact.kind, "overlay");
    EXPECT_EQ(sha256_file(folder_.path / "attempt" / artifact.path), artifact.sha256) << artifact.path;
  }
}

TEST_F(AnalysisJobsTest, SvmNeedsNoBoxesButTwoClasses) {
  for (const char* file : {"test/a/x.png", "test/b/x.png", "train/a/x.png", "train/b/x.png"}) {
    make_directories((folder_.path / file).parent_path());
    write_png(folder_.path / file, Image{8, 8, std::vector<uint8_t>(192, file[5] == 'a' ? 90 : 200)});
  }
  assignment_.dataset = {{"kind", "folder"}, {"root", folder_.path.string()}};

  const auto values = numbers(succeed(run_svm));
  EXPECT_EQ(values.count("svm.top1"), 1u);
  EXPECT_EQ(values.count("svm.top1_cam_crop"), 0u);

  fs::remove_all(folder_.path / "train/b");
  const JobEnd end = run(run_svm, 2);
  ASSERT_TRUE(std::holds_alternative<JobFailure>(end));
  EXPECT_EQ(std::get<JobFailure>(end).text, "the train split has images of 1 class; `svm` needs two");
}

TEST_F(AnalysisJobsTest, ErfLeavesTheMeanContribution) {
  assignment_.parameters = {{"images", 100}, {"size", 64}};
  assignment_.dataset["test"] = 1;

  const JobSuccess success = succeed(run_erf);

  const auto values = numbers(success);
  EXPECT_EQ(values.at("erf.images"), 4);  // all there are: one per class
  EXPECT_GT(values.at("erf.auc"), 0);
  EXPECT_LE(values.at("erf.side_10"), values.at("erf.side_90"));
  EXPECT_EQ(read_npy(folder_.path / "attempt/artifacts/erf.npy").height, 64);
}

TEST_F(AnalysisJobsTest, ActivationLeavesATableAndItsDensities) {
  for (const auto& [maps, lines] : {std::pair("all", 5 * 320), std::pair("one", 5)}) {
    assignment_.parameters = {{"images", 5}, {"threshold", 0.1}, {"class", "gt"}, {"maps", maps}};

    const JobSuccess success = succeed(run_activation);

    const std::string table = read_file(folder_.path / "attempt/artifacts/activation.csv");
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + lines) << maps;
    ASSERT_EQ(success.artifacts.size(), 3u);
    EXPECT_EQ(success.artifacts[1].kind, "figure");
    EXPECT_EQ(read_image(folder_.path / "attempt" / success.artifacts[2].path).width, 2 * kDensityBins);
  }
}

TEST_F(AnalysisJobsTest, TheTrueClassMustBeOneOfTheNetworks) {
  assignment_.dataset["classes"] = 5;
  assignment_.parameters = {{"images", 5}, {"class", "gt"}};

  const JobEnd end = run(run_activation, 2);

  ASSERT_TRUE(std::holds_alternative<JobFailure>(end));
  EXPECT_NE(std::get<JobFailure>(end).text.find("is of class 4 and the network has 4 classes"), std::string::npos);
}

TEST_F(AnalysisJobsTest, OtherWeightsThanTheAcceptedOnesAreRefused) {
  assignment_.inputs["weights"].sha256 = std::string(64, '0');

  const JobEnd end = run(run_pca);

  ASSERT_TRUE(std::holds_alternative<JobFailure>(end));
  EXPECT_EQ(std::get<JobFailure>(end).kind, "input");
  EXPECT_FALSE(std::get<JobFailure>(end).retryable);
}

TEST_F(AnalysisJobsTest, AStopIsADecisionOfAllRanks) {
  stop_ = StopRequest::kCheckpoint;

  EXPECT_TRUE(std::holds_alternative<JobStopped>(run(run_activation, 2)));
}

TEST_F(AnalysisJobsTest, ADamagedImageIsAFailureThatNamesIt) {
  for (const char* file : {"test/a/good.png", "test/b/bad.png", "train/a/x.png", "train/b/x.png"}) {
    make_directories((folder_.path / file).parent_path());
    write_png(folder_.path / file, Image{8, 8, std::vector<uint8_t>(192, 90)});
  }
  write_file(folder_.path / "test/b/bad.png", read_file(folder_.path / "test/b/bad.png").substr(0, 40));
  assignment_.dataset = {{"kind", "folder"}, {"root", folder_.path.string()}};

  const JobEnd end = run(run_activation, 2);

  ASSERT_TRUE(std::holds_alternative<JobFailure>(end));
  EXPECT_EQ(std::get<JobFailure>(end).kind, "data");
  EXPECT_NE(std::get<JobFailure>(end).text.find("bad.png"), std::string::npos);
}

TEST_F(AnalysisJobsTest, LocalizeRefusesABoxOutsideItsImage) {
  const fs::path root = folder_.path / "shapes";
  write_synth({{"kind", "synth"}, {"classes", 2}, {"train", 1}, {"val", 0}, {"test", 1}, {"side", 24}}, root,
              [](size_t, size_t) {});
  write_file(root / "metadata/test/localization.txt", "test/000000.png,1,2,23,23\ntest/000001.png,1,2,24,20\n");
  assignment_.dataset = {{"kind", "wsol"}, {"root", root.string()}};
  for (const char* size : {"in the metadata", "of the image alone"}) {
    const JobEnd end = run(run_localize, 2);

    const auto* failure = std::get_if<JobFailure>(&end);
    ASSERT_NE(failure, nullptr) << size;
    EXPECT_EQ(failure->kind, "data");
    EXPECT_FALSE(failure->retryable);
    EXPECT_NE(failure->text.find("box (1,2,24,20) of 'test/000001.png' lies outside its image of 24 x 24 pixels"),
              std::string::npos)
        << failure->text;
    fs::remove(root / "metadata/test/image_sizes.txt");
  }
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(run(run_pca)));  // which has no use for boxes
}

TEST_F(AnalysisJobsTest, AnEmptyTestSplitIsAFailureOfEveryAnalysis) {
  assignment_.dataset["test"] = 0;
  for (const Job job : {run_localize, run_erf, run_pca, run_activation}) {
    const JobEnd end = run(job);

    const auto* failure = std::get_if<JobFailure>(&end);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->kind, "data");
    EXPECT_FALSE(failure->retryable);
    EXPECT_EQ(failure->text, "the test split has no image");
  }
}

TEST_F(AnalysisJobsTest, LocalizeSaysThatADataSetHasNoBoxes) {
  for (const char* file : {"test/a/x.png", "train/a/x.png"}) {
    make_directories((folder_.path / file).parent_path());
    write_png(folder_.path / file, Image{8, 8, std::vector<uint8_t>(192, 90)});
  }
  assignment_.dataset = {{"kind", "folder"}, {"root", folder_.path.string()}};

  const JobEnd end = run(run_localize);

  ASSERT_TRUE(std::holds_alternative<JobFailure>(end));
  EXPECT_NE(std::get<JobFailure>(end).text.find("has no box"), std::string::npos);
  EXPECT_FALSE(std::get<JobFailure>(end).retryable);
}

}  // namespace
}  // namespace camsweep

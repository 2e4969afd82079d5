#include "workers/job_runner.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "schemas/files.h"
#include "schemas/parameters.h"
#include "tests/workers/training/fakes.h"
#include "version.h"
#include "workers/checkpoints/model_file.h"
#include "workers/gang/run_guarded.h"
#include "workers/job_environment.h"

namespace camsweep {
namespace {

// One epoch of a small network on drawn shapes.
class JobRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    assignment_.job = {std::string(64, 'a')};
    assignment_.directory = (folder_.path / "attempts/1").string();
    std::filesystem::create_directories(assignment_.directory);
    assignment_.dataset = {{"kind", "synth"}, {"classes", 2}, {"side", 32}, {"train", 4}, {"val", 0}, {"test", 2}};
    const Json variant = {{"name", "tiny_test"},
                          {"family", "resnet"},
                          {"depths", {1, 1, 1, 1}},
                          {"widths", {8, 8, 16, 16}},
                          {"block", "basic"}};
    Json& parameters = assignment_.parameters;
    for (const ParameterInfo& info : parameter_table()) parameters[info.name] = info.default_value;
    parameters.update({{"variant", variant},
                       {"resolution", 32},
                       {"epochs", 1},
                       {"batch", 4},
                       {"lr", 1e-3},
                       {"min_lr", 1e-5},
                       {"weight_decay", 0.05},
                       {"label_smoothing", 0.1},
                       {"drop_path", 0.0},
                       {"normalization_std", {0.25, 0.25, 0.25}},
                       {"snapshots", Json::array()}});
  }

  JobEnd run() { return run_guarded(run_job, context_); }
  JobFailure fail() {
    const JobEnd end = run();
    EXPECT_TRUE(std::holds_alternative<JobFailure>(end));
    return std::holds_alternative<JobFailure>(end) ? std::get<JobFailure>(end) : JobFailure{};
  }

  ScratchFolder folder_{"job-runner"};
  Assignment assignment_;
  std::unique_ptr<Collective> collective_ = make_single_collective();
  FakeReporter reporter_;
  std::atomic<StopRequest> stop_ = StopRequest::kNone;
  JobContext context_{assignment_, *collective_, reporter_, stop_};
};

TEST_F(JobRunnerTest, ASuccessSaysWhereItRanAndWhatTheStageMeasured) {
  const JobEnd end = run();

  ASSERT_TRUE(std::holds_alternative<JobSuccess>(end)) << std::get<JobFailure>(end).text;
  const Json& environment = std::get<JobSuccess>(end).environment;
  std::set<std::string> names;
  for (const auto& [name, value] : environment.items()) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"camsweep", "commit", "cpu", "host", "images_per_s", "libtorch", "mpi",
                                          "peak_memory_bytes", "ranks", "threads"}));
  EXPECT_GT(environment["images_per_s"], 0.0);
}

TEST_F(JobRunnerTest, TheEnvironmentIsThatOfTheGangAndTheBuild) {
  std::vector<Json> found(2);
  on_ranks(2, [&](Collective& collective) {
    const JobContext context{.assignment = assignment_,
                             .collective = collective,
                             .reporter = reporter_,
                             .stop = stop_,
                             .device = c10::Device(c10::kCPU),
                             .threads = 3};
    found[static_cast<size_t>(collective.rank())] = job_environment(context);
  });

  EXPECT_EQ(found[0]["commit"], kCommit);
  EXPECT_EQ(found[0]["ranks"], 2);
  EXPECT_EQ(found[0]["threads"], 3);
  EXPECT_GT(found[0]["peak_memory_bytes"], 1 << 20);
  EXPECT_EQ(found[0]["peak_memory_bytes"], found[1]["peak_memory_bytes"]);
  EXPECT_TRUE(found[0]["mpi"].get<std::string>().starts_with("Open MPI ")) << found[0]["mpi"];
  EXPECT_FALSE(found[0].contains("gpu"));
}

TEST_F(JobRunnerTest, AFinetuningLogsWhatItTookOfItsFile) {
  const BackboneVariant variant = variant_from_json(assignment_.parameters["variant"]);
  const auto pretrained = make_backbone(variant, {.classes = 7});
  pretrained->initialize(3);
  const std::string file = (folder_.path / "pretrained.safetensors").string();
  write_model(file, *pretrained, {.variant = variant, .options = pretrained->options(), .class_names = {}});
  assignment_.inputs["pretraining"] = {file, ""};

  ASSERT_TRUE(std::holds_alternative<JobSuccess>(run()));

  const std::string log = read_file(folder_.path / "attempts/1/rank0.log");
  EXPECT_NE(log.find(file + ": holds tiny_test (torchvision names, 7 classes)"), std::string::npos) << log;
  EXPECT_NE(log.find("not used of it: fc.weight, fc.bias"), std::string::npos) << log;
  EXPECT_NE(log.find("initialized by the seed: fc.weight, fc.bias"), std::string::npos) << log;
}

TEST_F(JobRunnerTest, AStageThatDoesNotExistIsABug) {
  assignment_.stage = static_cast<Stage>(99);

  const JobFailure failure = fail();

  EXPECT_EQ(failure.kind, "bug");
  EXPECT_FALSE(failure.retryable);
}

TEST_F(JobRunnerTest, AMissingDataSetFailsTheTrainingForGood) {
  assignment_.dataset = {{"kind", "wsol"}, {"root", "/nowhere"}};

  const JobFailure failure = fail();

  EXPECT_EQ(failure.kind, "data");
  EXPECT_FALSE(failure.retryable);
  EXPECT_NE(failure.text.find("/nowhere"), std::string::npos) << failure.text;
}

TEST_F(JobRunnerTest, EveryAnalysisFailsForGoodOnWeightsThatAreNone) {
  const std::string file = (folder_.path / "weights.safetensors").string();
  write_file(file, "no weights");
  assignment_.inputs["weights"] = {file, ""};

  for (const Stage stage : {Stage::kLocalize, Stage::kErf, Stage::kPca, Stage::kActivation}) {
    assignment_.stage = stage;
    const JobFailure failure = fail();
    EXPECT_NE(failure.text.find("weights.safetensors"), std::string::npos) << stage_name(stage) << ": " << failure.text;
    EXPECT_EQ(failure.kind, "input") << stage_name(stage);
    EXPECT_FALSE(failure.retryable) << stage_name(stage);
  }
}

TEST_F(JobRunnerTest, DivergenceIsTheStagesOwnFailure) {
  assignment_.parameters["lr"] = 1e39;

  EXPECT_EQ(fail().kind, "diverged");
}

TEST_F(JobRunnerTest, AJobComputesWithTheThreadsOfItsRankWhateverTheLastOneUsed) {
  at::set_num_threads(3);

  run();

  EXPECT_EQ(at::get_num_threads(), 1);
}

}  // namespace
}  // namespace camsweep

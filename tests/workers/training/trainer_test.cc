#include "workers/training/trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <random>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/training/attempts.h"
#include "workers/checkpoints/model_file.h"
#include "workers/checkpoints/safetensors.h"
#include "workers/gang/run_guarded.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

TEST(TrainerTest, LearnsToTellTwoColoursApart) {
  const ScratchFolder scratch("learns");
  TrainSettings wanted = settings("resnet");
  wanted.drop_path = 0;

  const Attempt attempt = run_attempt(wanted, ColourDataset(32, 20), scratch.path);

  const auto& success = std::get<JobSuccess>(attempt.end);
  const auto top1 = std::find_if(success.metrics.begin(), success.metrics.end(),
                                 [](const Metric& m) { return m.name == "test.top1" && !m.epoch; });
  ASSERT_NE(top1, success.metrics.end());
  EXPECT_GE(top1->value, 90);  // chance is 50
}

TEST(TrainerTest, TwoRunsAreBitIdentical) {
  const ScratchFolder scratch("twice");
  const ColourDataset dataset(40, 12);

  const Attempt first = run_attempt(settings("resnet"), dataset, scratch.path / "a");
  const Attempt second = run_attempt(settings("resnet"), dataset, scratch.path / "b");

  EXPECT_EQ(fingerprint(first), fingerprint(second));
}

TEST(TrainerTest, RunInterruptedThreeTimesAtRandomStepsEndsBitIdentical) {
  const ColourDataset dataset(40, 12);
  for (const std::string family : {"resnet", "convnext"}) {
    const ScratchFolder scratch("interrupted-" + family);
    const auto expected = fingerprint(run_attempt(settings(family), dataset, scratch.path / "whole"));
    std::mt19937 random(7);
    for (int round = 0; round < 3; ++round) {
      const fs::path job = scratch.path / std::to_string(round);
      int64_t at = 0;
      int number = 1;
      for (; number <= 3; ++number) {
        at += 1 + random() % 6;
        const Attempt stopped = run_attempt(settings(family), dataset, job, number, at);
        ASSERT_TRUE(std::holds_alternative<JobStopped>(stopped.end)) << "at " << at;
      }

      const Attempt resumed = run_attempt(settings(family), dataset, job, number);

      EXPECT_EQ(fingerprint(resumed), expected) << family << " round " << round;
    }
  }
}

TEST(TrainerTest, DamagedNewestStateIsPassedOverForTheOneBefore) {
  const ScratchFolder scratch("damaged");
  const ColourDataset dataset(40, 12);
  const auto expected = fingerprint(run_attempt(settings("resnet"), dataset, scratch.path / "whole"));
  run_attempt(settings("resnet"), dataset, scratch.path / "job", 1, 8);
  const fs::path newest = *find_training_state(scratch.path / "job");
  std::string bytes = read_file(newest);
  bytes[bytes.size() / 2] ^= 1;
  write_file(newest, bytes);

  const Attempt resumed = run_attempt(settings("resnet"), dataset, scratch.path / "job", 2);

  EXPECT_EQ(fingerprint(resumed), expected);
}

TEST(TrainerTest, TwoRanksEqualOneRankAtTheSameGlobalBatch) {
  // Without batch norm a step's gradient is the mean over the global batch, however it is split. What differs is the
  // order of float32 sums, which AdamW's division by the root of tiny second moments amplifies: 20 steps at lr 1e-3
  // move a parameter by at most 2e-2, and a prototype of this size ended 1.7e-5 apart. 1e-4 leaves a margin of six.
  constexpr double kTolerance = 1e-4;
  const ScratchFolder scratch("ranks");
  const ColourDataset dataset(40, 12);
  const TrainSettings wanted = settings("convnext");
  const Attempt one = run_attempt(wanted, dataset, scratch.path / "one");

  std::vector<std::optional<Attempt>> two(2);
  on_ranks(2, [&](Collective& collective) {
    two[collective.rank()] = run_attempt(wanted, dataset, scratch.path / "two", 1, collective);
  });

  expect_weights_near(one, *two[0], kTolerance);
}

TEST(TrainerTest, UnreadableImageFailsTheJobByNameAndIsNotRetried) {
  const ScratchFolder scratch("unreadable");
  const ColourDataset dataset(40, 12, "train/17");

  const Attempt attempt = run_attempt(settings("resnet"), dataset, scratch.path);

  const auto& failure = std::get<JobFailure>(attempt.end);
  EXPECT_EQ(failure.kind, "data");
  EXPECT_FALSE(failure.retryable);
  EXPECT_NE(failure.text.find("train/17"), std::string::npos) << failure.text;
}

TEST(TrainerTest, UnreadableImageOnOneRankIsADecisionOfBoth) {
  const ScratchFolder scratch("unreadable-ranks");
  const ColourDataset dataset(40, 12, "train/17");
  std::vector<std::optional<Attempt>> attempts(2);

  on_ranks(2, [&](Collective& collective) {
    attempts[collective.rank()] = run_attempt(settings("resnet"), dataset, scratch.path, 1, collective);
  });

  EXPECT_NE(std::get<JobFailure>(attempts[0]->end).text.find("train/17"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<JobFailure>(attempts[1]->end));
}

TEST(TrainerTest, UnreadableImageOfAScoredSplitIsADecisionOfAllRanks) {
  const ScratchFolder scratch("unreadable-test");
  const ColourDataset dataset(40, 12, "test/9");  // in the second batch, of rank 0 alone where there are two
  for (const int ranks : {1, 2}) {
    std::vector<std::optional<Attempt>> attempts(static_cast<size_t>(ranks));

    on_ranks(ranks, [&](Collective& collective) {
      attempts[collective.rank()] =
          run_attempt(settings("resnet"), dataset, scratch.path / std::to_string(ranks), 1, collective);
    });

    for (const std::optional<Attempt>& attempt : attempts) {
      const auto* failure = std::get_if<JobFailure>(&attempt->end);
      ASSERT_NE(failure, nullptr);
      EXPECT_EQ(failure->kind, "data");
      EXPECT_FALSE(failure->retryable);
      EXPECT_NE(failure->text.find("test/9"), std::string::npos) << failure->text;
    }
  }
}

TEST(TrainerTest, ADamagedImageThatNobodyCatchesIsStillNotTriedAgain) {
  const JobFailure failure = failure_of(std::make_exception_ptr(ImageError("a.jpg: the file ends too early")));

  EXPECT_EQ(failure.kind, "data");
  EXPECT_FALSE(failure.retryable);
}

TEST(TrainerTest, DivergedLossEndsTheJobWithoutARetry) {
  const ScratchFolder scratch("diverged");
  TrainSettings wanted = settings("resnet");
  wanted.lr = 1e30;
  wanted.warmup_epochs = 0;

  const Attempt attempt = run_attempt(wanted, ColourDataset(40, 12), scratch.path);

  const auto& failure = std::get<JobFailure>(attempt.end);
  EXPECT_EQ(failure.kind, "diverged");
  EXPECT_FALSE(failure.retryable);
}

TEST(TrainerTest, WeightsThatOverflowInTheLastStepAreDivergedThoughEveryLossWasFinite) {
  const ScratchFolder scratch("overflow");
  TrainSettings wanted = settings("resnet");
  wanted.epochs = 1;  // of one step: no later loss tells
  wanted.snapshots = {1};
  wanted.warmup_epochs = 0;
  wanted.lr = 1e39;  // above the largest float32

  const Attempt attempt = run_attempt(wanted, ColourDataset(8, 12), scratch.path);

  const auto& failure = std::get<JobFailure>(attempt.end);
  EXPECT_EQ(failure.kind, "diverged");
  EXPECT_FALSE(failure.retryable);
  EXPECT_NE(failure.text.find("after epoch 1"), std::string::npos) << failure.text;
  EXPECT_FALSE(fs::exists(attempt.directory / "snapshots"));
}

TEST(TrainerTest, ZeroEpochsScoreAndKeepTheInitialWeights) {
  const ScratchFolder scratch("zero");
  TrainSettings wanted = settings("resnet");
  wanted.epochs = 0;
  wanted.snapshots = {};

  const Attempt attempt = run_attempt(wanted, ColourDataset(8, 12), scratch.path);

  const auto& success = std::get<JobSuccess>(attempt.end);
  EXPECT_EQ(success.artifacts.size(), 1u);
  const Model model = read_model(attempt.directory / success.artifacts[0].path);
  auto fresh = make_backbone(wanted.variant, backbone_options(wanted, 2));
  fresh->initialize(wanted.seed);
  EXPECT_TRUE(at::equal(model.backbone->parameters()[0].tensor, fresh->parameters()[0].tensor));
}

TEST(TrainerTest, BatchLargerThanTheTrainSplitIsRefusedByName) {
  const ScratchFolder scratch("batch");

  EXPECT_THROW(run_attempt(settings("resnet"), ColourDataset(5, 5), scratch.path), ConfigError);
}

}  // namespace
}  // namespace camsweep

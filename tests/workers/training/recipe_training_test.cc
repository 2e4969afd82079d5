#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "schemas/error.h"
#include "tests/workers/training/attempts.h"
#include "workers/checkpoints/safetensors.h"

// What a recipe's fields make of a whole training.
namespace camsweep {
namespace {

// Everything that draws, averages or switches at once.
TrainSettings whole_recipe(const std::string& family) {
  TrainSettings wanted = settings(family);
  wanted.augmentation.rand_augment = RandAugmentOptions{};
  wanted.augmentation.color_jitter = 0.4;
  wanted.augmentation.erasing = 0.25;
  wanted.mixing = {.mixup = 0.8, .cutmix = 1};
  wanted.optimizer.clip_norm = 1;
  wanted.grouping.layer_decay = 0.9;
  wanted.micro_batches = 2;
  wanted.bfloat16 = true;
  wanted.ema = 0.9;
  return wanted;
}

TEST(RecipeTrainingTest, AWholeRecipeIsResumedBitIdentical) {
  const ColourDataset dataset(40, 12);
  for (const CountingWeights weights : {CountingWeights::kLast, CountingWeights::kBest, CountingWeights::kAverage}) {
    const ScratchFolder scratch("recipe" + std::to_string(static_cast<int>(weights)));
    TrainSettings wanted = whole_recipe(weights == CountingWeights::kBest ? "convnext" : "resnet");
    wanted.weights = weights;
    wanted.select_on = Split::kTest;
    if (weights == CountingWeights::kLast) wanted.optimizer.kind = OptimizerOptions::Kind::kSgd;
    const auto expected = fingerprint(run_attempt(wanted, dataset, scratch.path / "whole"));
    run_attempt(wanted, dataset, scratch.path / "cut", 1, /*stop_at=*/3);
    run_attempt(wanted, dataset, scratch.path / "cut", 2, /*stop_at=*/13);

    EXPECT_EQ(fingerprint(run_attempt(wanted, dataset, scratch.path / "cut", 3)), expected);
  }
}

TEST(RecipeTrainingTest, SparseTrainingKeepsItsShareOfZerosAndIsResumedBitIdentical) {
  const ScratchFolder scratch("sparse-training");
  const ColourDataset dataset(40, 12);
  TrainSettings wanted = settings("resnet");
  wanted.sparsity = Sparsity::kTrain;
  wanted.sparse = {.zeros = 0.4, .prune = 0.3, .interval = 3};
  wanted.ema = 0.9;

  const Attempt whole = run_attempt(wanted, dataset, scratch.path / "whole");
  run_attempt(wanted, dataset, scratch.path / "cut", 1, /*stop_at=*/7);
  const Attempt resumed = run_attempt(wanted, dataset, scratch.path / "cut", 2);

  const TensorFile weights = read_safetensors(whole.directory / "artifacts/weights.safetensors");
  double zeros = 0, all = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    if (tensor.dim() != 2 && tensor.dim() != 4) continue;
    zeros += tensor.eq(0).sum().item<double>();
    all += static_cast<double>(tensor.numel());
  }
  EXPECT_NEAR(zeros / all, 0.4, 0.02);
  EXPECT_EQ(fingerprint(resumed), fingerprint(whole));
}

TEST(RecipeTrainingTest, MicroBatchesAddUpToTheGradientOfTheWholeBatch) {
  const ScratchFolder scratch("micro");
  const ColourDataset dataset(40, 12);
  const TrainSettings wanted = settings("convnext");  // no batch norm, whose statistics are of a part
  TrainSettings parts = wanted;
  parts.micro_batches = 4;

  const Attempt one = run_attempt(wanted, dataset, scratch.path / "one");
  const Attempt four = run_attempt(parts, dataset, scratch.path / "four");

  // As for two ranks below: another order of sums, amplified by AdamW.
  expect_weights_near(one, four, 1e-4);
}

TEST(RecipeTrainingTest, FrozenTrunkStaysAsItWas) {
  const ScratchFolder scratch("frozen");
  TrainSettings wanted = settings("convnext");
  wanted.grouping.freeze_trunk = true;
  auto fresh = make_backbone(wanted.variant, backbone_options(wanted, 2));
  fresh->initialize(wanted.seed);

  const Attempt attempt = run_attempt(wanted, ColourDataset(40, 12), scratch.path);

  const TensorFile weights = read_safetensors(attempt.directory / "artifacts/weights.safetensors");
  for (const NamedTensor& parameter : fresh->parameters()) {
    const bool is_head = parameter.name.starts_with("head.");
    EXPECT_EQ(at::equal(*weights.find(parameter.name), parameter.tensor), !is_head) << parameter.name;
  }
}

TEST(RecipeTrainingTest, BestWeightsAreThoseOfTheEpochWithTheHighestScore) {
  const ScratchFolder scratch("best");
  TrainSettings wanted = settings("resnet");
  wanted.weights = CountingWeights::kBest;
  wanted.select_on = Split::kTest;

  const Attempt attempt = run_attempt(wanted, ColourDataset(40, 12), scratch.path);

  const auto& success = std::get<JobSuccess>(attempt.end);
  double best = 0, last = 0;
  for (const Metric& metric : success.metrics) {
    if (metric.name != "test.top1") continue;
    if (metric.epoch) best = std::max(best, metric.value);
    if (!metric.epoch) last = metric.value;
  }
  EXPECT_EQ(last, best);
}

TEST(RecipeTrainingTest, BestWeightsNeedASplitWithImages) {
  const ScratchFolder scratch("select");
  TrainSettings wanted = settings("resnet");
  wanted.weights = CountingWeights::kBest;
  wanted.select_on = Split::kVal;

  EXPECT_THROW(run_attempt(wanted, ColourDataset(40, 12), scratch.path), ConfigError);
}

TEST(RecipeTrainingTest, SyncBatchNormMakesTwoRanksEqualOne) {
  // With the gang's statistics nothing depends on how a batch is split but the order of sums: see below.
  constexpr double kTolerance = 2e-4;
  const ScratchFolder scratch("sync");
  const ColourDataset dataset(40, 12);
  TrainSettings wanted = settings("resnet");
  wanted.sync_batch_norm = true;
  wanted.drop_path = 0;
  const Attempt one = run_attempt(wanted, dataset, scratch.path / "one");
  std::vector<std::optional<Attempt>> two(2);
  on_ranks(2, [&](Collective& collective) {
    two[collective.rank()] = run_attempt(wanted, dataset, scratch.path / "two", 1, collective);
  });

  expect_weights_near(one, *two[0], kTolerance);
}

TEST(RecipeTrainingTest, ZerosOfSparseWeightsAreKeptAndAnInterruptedRunKeepsTheSame) {
  const ScratchFolder scratch("sparse");
  const ColourDataset dataset(40, 12);
  TrainSettings wanted = settings("resnet");
  wanted.sparsity = Sparsity::kKeep;

  const Attempt whole = run_attempt(wanted, dataset, scratch.path / "whole");
  run_attempt(wanted, dataset, scratch.path / "cut", 1, /*stop_at=*/7);
  const Attempt resumed = run_attempt(wanted, dataset, scratch.path / "cut", 2);

  const TensorFile weights = read_safetensors(whole.directory / "artifacts/weights.safetensors");
  const at::Tensor& kernel = *weights.find("layer1.0.conv1.weight");
  EXPECT_EQ(kernel.slice(0, 0, kernel.size(0), 2).abs().sum().item<float>(), 0);
  EXPECT_GT(kernel.slice(0, 1, kernel.size(0), 2).abs().min().item<float>(), 0);
  EXPECT_EQ(fingerprint(resumed), fingerprint(whole));
}

}  // namespace
}  // namespace camsweep

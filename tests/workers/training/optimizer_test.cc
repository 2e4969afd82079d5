#include "workers/training/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace camsweep {
namespace {

using Kind = OptimizerOptions::Kind;

NamedTensor parameter(const std::string& name, at::Tensor value, double gradient) {
  value.requires_grad_(true);
  value.mutable_grad() = at::full_like(value, gradient);
  return {name, value};
}

TEST(OptimizerTest, TwoStepsOfAdamWEqualTheHandComputedOnes) {
  // Algorithm 2 of the paper in double, for w = 1, g = 0.5.
  const auto by_hand = [](double w, double lr, double decay) {
    double m = 0;
    double v = 0;
    for (int t = 1; t <= 2; ++t) {
      w -= lr * decay * w;
      m = 0.9 * m + 0.1 * 0.5;
      v = 0.999 * v + 0.001 * 0.25;
      w -= lr * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    }
    return w;
  };
  const NamedTensor weight = parameter("conv.weight", at::ones({2, 2}), 0.5);
  const NamedTensor bias = parameter("conv.bias", at::ones({2}), 0.5);
  Optimizer optimizer({{.lr_scale = 1, .weight_decay = 0.01, .parameters = {weight}},
                       {.lr_scale = 0.5, .weight_decay = 0, .parameters = {bias}}},
                      {});

  optimizer.step(0.1);
  optimizer.step(0.1);

  // float32 against double over two steps: a few units in the last place.
  EXPECT_NEAR(weight.tensor[1][1].item<double>(), by_hand(1, 0.1, 0.01), 1e-6);
  EXPECT_NEAR(bias.tensor[0].item<double>(), by_hand(1, 0.05, 0), 1e-6);
}

TEST(OptimizerTest, TwoStepsOfNesterovSgdEqualTheHandComputedOnes) {
  // w = 1, gradient 0.5 and a decay of 0.1 w in it, lr 0.1, momentum 0.9:
  // g = 0.6, v = 0.6, w = 1 - 0.1 (0.6 + 0.54) = 0.886; g = 0.5886, v = 1.1286, w = 0.886 - 0.1 (0.5886 + 1.01574).
  const NamedTensor weight = parameter("w", at::ones({2, 2}), 0.5);
  Optimizer optimizer({{.lr_scale = 1, .weight_decay = 0.1, .parameters = {weight}}},
                      {.kind = Kind::kSgd, .momentum = 0.9});

  optimizer.step(0.1);
  EXPECT_NEAR(weight.tensor[0][0].item<double>(), 0.886, 1e-6);
  optimizer.step(0.1);

  EXPECT_NEAR(weight.tensor[0][0].item<double>(), 0.725566, 1e-6);
}

TEST(OptimizerTest, GradientsBeyondTheNormAreScaledDownTogether) {
  // 4 times 3 and 9 times 4: norm sqrt(36 + 144) = 13.4164; at a limit of 1 SGD without momentum moves by g / 13.4164.
  const NamedTensor first = parameter("a", at::zeros({4}), 3);
  const NamedTensor second = parameter("b", at::zeros({9}), 4);
  Optimizer optimizer({{.parameters = {first}}, {.parameters = {second}}},
                      {.kind = Kind::kSgd, .momentum = 0, .clip_norm = 1});

  optimizer.step(1);

  EXPECT_NEAR(first.tensor[0].item<double>(), -3 / 13.416408, 1e-6);
  EXPECT_NEAR(second.tensor[0].item<double>(), -4 / 13.416408, 1e-6);
}

TEST(OptimizerTest, SmallGradientsAreNotClipped) {
  const NamedTensor weight = parameter("a", at::zeros({4}), 0.1);
  Optimizer optimizer({{.parameters = {weight}}}, {.kind = Kind::kSgd, .momentum = 0, .clip_norm = 1});

  optimizer.step(1);

  EXPECT_NEAR(weight.tensor[0].item<double>(), -0.1, 1e-7);
}

TEST(OptimizerTest, RestoredMomentsContinueTheSameRun) {
  for (const Kind kind : {Kind::kAdamW, Kind::kSgd}) {
    const auto three_steps = [&](bool interrupted) {
      const NamedTensor weight = parameter("w", at::ones({3, 3}), 0.25);
      const std::vector<ParameterGroup> groups = {{.lr_scale = 1, .weight_decay = 0.1, .parameters = {weight}}};
      auto optimizer = std::make_unique<Optimizer>(groups, OptimizerOptions{.kind = kind});
      optimizer->step(0.1);
      if (interrupted) {
        auto next = std::make_unique<Optimizer>(groups, OptimizerOptions{.kind = kind});
        const auto from = optimizer->moments();
        const auto to = next->moments();
        for (size_t i = 0; i < from.size(); ++i) at::Tensor(to[i].tensor).copy_(from[i].tensor);
        next->set_steps_done(optimizer->steps_done());
        optimizer = std::move(next);
      }
      optimizer->step(0.05);
      optimizer->step(0.02);
      return weight.tensor.detach().clone();
    };

    EXPECT_TRUE(at::equal(three_steps(true), three_steps(false)));
  }
}

}  // namespace
}  // namespace camsweep

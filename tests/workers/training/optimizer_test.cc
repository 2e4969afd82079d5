#include "workers/training/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace camsweep {
namespace {

NamedTensor parameter(const std::string& name, at::Tensor value, double gradient) {
  value.requires_grad_(true);
  value.mutable_grad() = at::full_like(value, gradient);
  return {name, value};
}

TEST(AdamWTest, TwoStepsEqualTheHandComputedOnes) {
  // Algorithm 2 of the paper in double, for w = 1, g = 0.5, lr = 0.1, decay = 0.01.
  const auto by_hand = [](double w, double decay) {
    double m = 0;
    double v = 0;
    for (int t = 1; t <= 2; ++t) {
      w -= 0.1 * decay * w;
      m = 0.9 * m + 0.1 * 0.5;
      v = 0.999 * v + 0.001 * 0.25;
      w -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    }
    return w;
  };
  const NamedTensor weight = parameter("conv.weight", at::ones({2, 2}), 0.5);
  const NamedTensor bias = parameter("conv.bias", at::ones({2}), 0.5);
  AdamW optimizer({weight, bias}, {.weight_decay = 0.01});

  optimizer.step(0.1);
  optimizer.step(0.1);

  // float32 against double over two steps: a few units in the last place.
  EXPECT_NEAR(weight.tensor[1][1].item<double>(), by_hand(1, 0.01), 1e-6);
  EXPECT_NEAR(bias.tensor[0].item<double>(), by_hand(1, 0), 1e-6);
}

TEST(AdamWTest, DecayLeavesBiasesAndOtherOneDimensionalParametersAlone) {
  EXPECT_TRUE(is_decayed({"stem.0.conv.weight", at::zeros({4, 3, 3, 3})}));
  EXPECT_FALSE(is_decayed({"stem.0.bn.weight", at::zeros({4})}));
  EXPECT_FALSE(is_decayed({"head.bias", at::zeros({4})}));
  EXPECT_FALSE(is_decayed({"stages.0.0.gamma", at::zeros({4})}));
}

TEST(AdamWTest, RestoredMomentsContinueTheSameRun) {
  const auto three_steps = [](bool interrupted) {
    const NamedTensor weight = parameter("w", at::ones({3, 3}), 0.25);
    auto optimizer = std::make_unique<AdamW>(std::vector{weight}, AdamWOptions{.weight_decay = 0.1});
    optimizer->step(0.1);
    if (interrupted) {
      auto next = std::make_unique<AdamW>(std::vector{weight}, AdamWOptions{.weight_decay = 0.1});
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

}  // namespace
}  // namespace camsweep

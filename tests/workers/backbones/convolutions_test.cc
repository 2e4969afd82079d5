#include "workers/backbones/convolutions.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

namespace camsweep {
namespace {

// Kernels of ours for neither, one or both of values and gradients; what no kernel of ours takes.
const std::vector<ConvShape> kShapes = {
    depthwise(24, 3),
    depthwise(24, 7),
    depthwise(24, 13),
    depthwise(24, 31),
    depthwise(24, {5, 51}),
    depthwise(24, {51, 5}),
    depthwise(24, 7, 2),
    {.in = 24, .out = 24, .kernel = 7, .groups = 24},
    {.in = 24, .out = 12, .kernel = 1},
    {.in = 24, .out = 48, .kernel = 3, .stride = 2, .padding = 1, .groups = 2},
};

struct Results {
  at::Tensor values;
  std::vector<at::Tensor> gradients;  // of input, weight and bias
};

template <typename Convolve>
Results run(const Convolve& function, at::Tensor x, at::Tensor weight, at::Tensor bias) {
  for (at::Tensor* leaf : {&x, &weight, &bias}) leaf->requires_grad_(true);
  const at::Tensor y = function(x, weight, bias);
  const at::Tensor gradient = at::sin(at::arange(y.numel(), y.options())).view(y.sizes());
  return {y.detach(), torch::autograd::grad({y}, {x, weight, bias}, {gradient})};
}

void expect_near(const at::Tensor& found, const at::Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  const double scale = expected.abs().max().item<double>();
  EXPECT_LE((found.to(at::kDouble) - expected).abs().max().item<double>(), 1e-5 * scale);  // float32 sums
}

TEST(ConvolveTest, ValuesAndGradientsAreThoseOfAutogradInDouble) {
  at::manual_seed(3);
  for (const ConvShape& shape : kShapes) {
    const at::Tensor x = at::randn({2, shape.in, 20, 17});
    const at::Tensor weight = at::randn({shape.out, shape.in / shape.groups, shape.kernel.height, shape.kernel.width});
    const at::Tensor bias = at::randn({shape.out});
    const auto twin = [&shape](const at::Tensor& input, const at::Tensor& filters, const at::Tensor& offsets) {
      return at::conv2d(input, filters, offsets, {shape.stride.height, shape.stride.width},
                        {shape.padding.height, shape.padding.width}, 1, shape.groups);
    };
    const Results expected = run(twin, x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
    for (const at::MemoryFormat layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const auto ours = [&shape](const at::Tensor& input, const at::Tensor& filters, const at::Tensor& offsets) {
        return convolve(input, filters, offsets, shape);
      };
      const Results found = run(ours, x.clone(layout), weight.clone(), bias.clone());
      SCOPED_TRACE(testing::Message() << shape.kernel.height << " x " << shape.kernel.width << " of " << shape.groups);
      EXPECT_TRUE(found.values.is_contiguous(layout));
      expect_near(found.values, expected.values);
      for (size_t i = 0; i < 3; ++i) expect_near(found.gradients[i], expected.gradients[i]);
    }
  }
}

TEST(ConvolveTest, GradientsThatNobodyWantsAreNotThere) {
  const ConvShape shape = depthwise(4, 13);
  const at::Tensor x = at::randn({1, 4, 9, 9}), weight = at::randn({4, 1, 13, 13}).requires_grad_(true);

  const at::Tensor y = convolve(x, weight, {}, shape);

  EXPECT_TRUE(torch::autograd::grad({y.sum()}, {weight})[0].defined());
  EXPECT_FALSE(convolve(x, weight.detach(), {}, shape).requires_grad());
}

}  // namespace
}  // namespace camsweep

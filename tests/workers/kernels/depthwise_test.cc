#include "workers/kernels/depthwise.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace camsweep {
namespace {

struct Shape {
  int64_t images = 0;
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t filter_height = 0;
  int64_t filter_width = 0;

  friend std::ostream& operator<<(std::ostream& out, const Shape& s) {
    return out << fmt::format("{}x{}x{}x{}, {}x{}", s.images, s.channels, s.height, s.width, s.filter_height,
                              s.filter_width);
  }
};

// Blocks that are full and not, groups of sums that come out even and not, filters far wider than the map, one-sided.
const std::vector<Shape> kShapes = {{2, 16, 9, 9, 3, 3},    {1, 5, 12, 17, 7, 7},  {2, 35, 14, 14, 27, 27},
                                    {1, 8, 7, 7, 13, 13},   {1, 3, 33, 20, 51, 5}, {2, 17, 20, 33, 5, 51},
                                    {1, 4, 2, 3, 31, 31},   {1, 1, 1, 1, 1, 1},    {1, 2, 40, 61, 61, 61},
                                    {1, 64, 24, 24, 31, 31}};

// What a depthwise convolution and its gradients are in float64.
struct Twin {
  at::Tensor x, filters, bias, gradient;
  at::Tensor values, of_input, of_filters;

  explicit Twin(const Shape& s, at::ScalarType type) {
    at::manual_seed(7);
    const auto random = [type](at::IntArrayRef sizes) { return at::randn(sizes).to(type); };
    x = random({s.images, s.channels, s.height, s.width});
    filters = random({s.channels, 1, s.filter_height, s.filter_width}) / 8;
    bias = random({s.channels});
    gradient = random(x.sizes());
    const auto leaf = [](const at::Tensor& t) { return t.to(at::kDouble).requires_grad_(true); };
    const at::Tensor x64 = leaf(x), filters64 = leaf(filters);
    const at::Tensor y = at::conv2d(x64, filters64, bias.to(at::kDouble), /*stride=*/1,
                                    {s.filter_height / 2, s.filter_width / 2}, /*dilation=*/1, s.channels);
    values = y.detach();
    const auto gradients = torch::autograd::grad({y}, {x64, filters64}, {gradient.to(at::kDouble)});
    of_input = gradients[0];
    of_filters = gradients[1];
  }
};

// float32 sums of up to 10,000 products of random signs are right to five digits and more; bfloat16 results are rounded
// to eight bits.
void expect_near(const at::Tensor& found, const at::Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  const double scale = expected.abs().max().item<double>();
  const double error = (found.to(at::kDouble) - expected).abs().max().item<double>();
  EXPECT_LE(error, scale * (found.scalar_type() == at::kFloat ? 3e-6 : 4e-3));
}

void expect_twin(const Shape& shape, at::MemoryFormat layout, at::ScalarType type, InstructionSet set) {
  const Twin twin(shape, type);
  const at::Tensor x = twin.x.contiguous(layout), gradient = twin.gradient.contiguous(layout);

  const at::Tensor values = depthwise_values(x, twin.filters, twin.bias, set);
  const at::Tensor of_input = depthwise_input_gradient(gradient, twin.filters, set);
  const at::Tensor of_filters = depthwise_filter_gradient(x, gradient, {shape.filter_height, shape.filter_width}, set);

  SCOPED_TRACE(testing::Message() << shape << ", " << layout << ", " << type);
  EXPECT_TRUE(values.is_contiguous(layout));
  EXPECT_EQ(values.scalar_type(), type);
  expect_near(values, twin.values);
  expect_near(of_input, twin.of_input);
  expect_near(of_filters, twin.of_filters);
}

class DepthwiseTest : public testing::TestWithParam<InstructionSet> {};

TEST_P(DepthwiseTest, IsItsTwinInDouble) {
  const std::vector<InstructionSet> present = instruction_sets();
  if (std::find(present.begin(), present.end(), GetParam()) == present.end()) {
    GTEST_SKIP() << "this processor lacks " << to_string(GetParam());
  }
  for (const Shape& shape : kShapes) {
    for (const at::MemoryFormat layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) expect_twin(shape, layout, type, GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DepthwiseTest,
                         testing::Values(InstructionSet::kGeneric, InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& set) { return std::string(to_string(set.param)); });

TEST(DepthwiseThreadsTest, ResultsDoNotDependOnTheirNumber) {
  const Twin twin({3, 40, 12, 12, 13, 13}, at::kFloat);
  const auto all = [&twin] {
    return std::vector<at::Tensor>{depthwise_values(twin.x, twin.filters, twin.bias),
                                   depthwise_input_gradient(twin.gradient, twin.filters),
                                   depthwise_filter_gradient(twin.x, twin.gradient, {13, 13})};
  };
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const std::vector<at::Tensor> alone = all();
  at::set_num_threads(3);
  const std::vector<at::Tensor> shared = all();
  at::set_num_threads(threads);

  for (size_t i = 0; i < alone.size(); ++i) EXPECT_TRUE(alone[i].equal(shared[i])) << i;
}

TEST(DepthwiseWithoutBiasTest, AddsNothing) {
  const Twin twin({1, 4, 6, 6, 3, 3}, at::kFloat);

  expect_near(depthwise_values(twin.x, twin.filters, {}), twin.values - twin.bias.to(at::kDouble).view({1, -1, 1, 1}));
}

}  // namespace
}  // namespace camsweep

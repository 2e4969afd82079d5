#include "workers/backbones/input_gradient.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/layers.h"

namespace camsweep {
namespace {

// In double, where two orders of a sum agree to 1e-12 even through 50 layers: what differs more is another formula.
constexpr double kTolerance = 1e-10;

std::unique_ptr<Backbone> network(const std::string& name, Form form) {
  auto backbone = make_backbone(find_backbone(name), {.classes = 3});
  fill_fixture(*backbone);
  return form == Form::kTrain ? std::move(backbone) : to_form(*backbone, form);
}

void to_double(Backbone& backbone) {
  for (NamedTensor& entry : backbone.state()) {
    if (entry.tensor.is_floating_point()) entry.tensor.set_data(entry.tensor.to(at::kDouble));
  }
}

// Of sum_k ReLU(F_k) at the centre with respect to the input.
at::Tensor gradient(Backbone& backbone, const at::Tensor& image) {
  const at::Tensor x = image.detach().clone().requires_grad_(true);
  const at::Tensor features = backbone.features(x, {});
  const at::Tensor centre = features.select(3, features.size(3) / 2).select(2, features.size(2) / 2);
  return torch::autograd::grad({centre.relu().sum()}, {x})[0];
}

// The same with parameters that require gradients, as in training: the layers are then autograd's own.
at::Tensor plain_gradient(Backbone& backbone, const at::Tensor& image) {
  for (const NamedTensor& parameter : backbone.parameters()) parameter.tensor.requires_grad_(true);
  const at::Tensor result = gradient(backbone, image);
  for (const NamedTensor& parameter : backbone.parameters()) parameter.tensor.requires_grad_(false);
  return result;
}

struct Case {
  const char* backbone;
  Form form = Form::kTrain;
  int64_t side = 64;
};

// On one thread: many small layers wait for others longer than they compute.
class NetworkInputGradientTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }

 private:
  int threads_ = at::get_num_threads();
};

TEST_P(NetworkInputGradientTest, IsThatOfAutograd) {
  const auto backbone = network(GetParam().backbone, GetParam().form);
  to_double(*backbone);
  const at::Tensor image = fixture_input(1, GetParam().side).to(at::kDouble);
  for (const bool channels_last : {false, true}) {
    backbone->to(at::kCPU, channels_last);
    const at::Tensor expected = plain_gradient(*backbone, image);

    const at::Tensor found = gradient(*backbone, image);

    ASSERT_GT(expected.abs().max().item<double>(), 0);
    EXPECT_LT((found - expected).norm().item<double>(), kTolerance * expected.norm().item<double>())
        << (channels_last ? "channels last" : "contiguous");
  }
}

// The operations of a graph, by the names that autograd gives them.
std::set<std::string> operations(const at::Tensor& result) {
  std::set<std::string> names;
  std::set<torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> open = {result.grad_fn().get()};
  while (!open.empty()) {
    torch::autograd::Node* node = open.back();
    open.pop_back();
    if (!node || !seen.insert(node).second) continue;
    names.insert(node->name());
    for (const torch::autograd::Edge& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return names;
}

TEST_P(NetworkInputGradientTest, NoLayerIsOneThatKeepsItsInput) {
  const auto backbone = network(GetParam().backbone, GetParam().form);
  const at::Tensor image = fixture_input(1, GetParam().side).requires_grad_(true);

  const std::set<std::string> found = operations(backbone->features(image, {}));

  for (const char* name : {"ConvolutionBackward0", "NativeBatchNormBackward0", "ReluBackward0"}) {
    EXPECT_FALSE(found.contains(name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    EveryFamily, NetworkInputGradientTest,
    testing::Values(Case{"resnet18"}, Case{"resnet50"}, Case{"densenet121"}, Case{"vgg16_bn"}, Case{"alexnet_gap"},
                    Case{"googlenet_gap"}, Case{"inception_v3", Form::kTrain, 96}, Case{"convnext_atto"},
                    Case{"replknet_nano"}, Case{"replknet_nano", Form::kMerged}, Case{"replknet_nano", Form::kFolded},
                    Case{"slak_tiny_31"}, Case{"slak_tiny_31", Form::kFolded}, Case{"hornet_tiny_7x7"},
                    Case{"hornet_tiny_gf"}),
    [](const auto& tested) { return fmt::format("{}_{}", tested.param.backbone, form_name(tested.param.form)); });

struct Geometry {
  const char* name;
  ConvShape shape;
};

TEST(InputGradientTest, OfEveryKindOfConvolutionIsThatOfAutograd) {
  const Geometry geometries[] = {
      {"pointwise", {.in = 6, .out = 4}},
      {"pointwise with a stride", {.in = 6, .out = 4, .stride = 2}},
      {"pointwise in groups", {.in = 6, .out = 4, .groups = 2}},
      {"by channel", depthwise(6, 5)},
      {"by channel, tall", depthwise(6, {7, 3})},
      {"by channel with a stride", depthwise(6, 3, 2)},
      {"by channel, unpadded", {.in = 6, .out = 6, .kernel = 3, .groups = 6}},
      {"by channel, widening", {.in = 6, .out = 12, .kernel = 3, .padding = 1, .groups = 6}},
      {"dense with a remainder", {.in = 6, .out = 4, .kernel = {3, 2}, .stride = {4, 3}, .padding = {1, 0}}}};
  for (const auto& [name, shape] : geometries) {
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor weight =
          at::randn({shape.out, shape.in / shape.groups, shape.kernel.height, shape.kernel.width}, at::kDouble);
      const at::Tensor bias = at::randn({shape.out}, at::kDouble);
      const at::Tensor x = at::randn({2, shape.in, 14, 17}, at::kDouble).contiguous(format).requires_grad_(true);
      const int64_t stride[] = {shape.stride.height, shape.stride.width};
      const int64_t padding[] = {shape.padding.height, shape.padding.width};
      const at::Tensor expected = at::conv2d(x, weight, bias, stride, padding, 1, shape.groups);
      const at::Tensor upstream = at::randn_like(expected);
      const at::Tensor expected_gradient = torch::autograd::grad({expected}, {x}, {upstream})[0];

      const at::Tensor found = convolve_fixed(x, weight, bias, shape);
      const at::Tensor found_gradient = torch::autograd::grad({found}, {x}, {upstream})[0];

      EXPECT_TRUE(found.equal(expected)) << name;
      EXPECT_LT((found_gradient - expected_gradient).abs().max().item<double>(), kTolerance) << name;
    }
  }
}

TEST(InputGradientTest, OfReluIsItsStep) {
  const at::Tensor x = at::tensor({-2., -0., 0., 1e-300, 3.}, at::kDouble).requires_grad_(true);
  const at::Tensor upstream = at::tensor({2., 3., 5., 7., 11.}, at::kDouble);
  const at::Tensor expected = torch::autograd::grad({x.relu()}, {x}, {upstream})[0];

  const at::Tensor y = relu_keeping_signs(x.clone());

  EXPECT_TRUE(y.equal(x.relu()));
  EXPECT_TRUE(torch::autograd::grad({y}, {x}, {upstream})[0].equal(expected));
}

TEST(InputGradientTest, ALargeMapIsComputedAgain) {
  const at::Tensor x = at::randn({1, 1, 256, 256}, at::kDouble).requires_grad_(true);
  int calls = 0;
  const TensorFunction f = [&calls](const at::Tensor& y) {
    ++calls;
    return (y * y).sin();
  };
  const at::Tensor small = at::empty({1, 1, 1, 1}), large = at::empty({128, 1, 1, 1});
  const at::Tensor upstream = at::randn_like(x);
  const at::Tensor expected = torch::autograd::grad({widen(x, small, f)}, {x}, {upstream})[0];
  ASSERT_EQ(calls, 1);

  const at::Tensor found = torch::autograd::grad({widen(x, large, f)}, {x}, {upstream})[0];

  EXPECT_TRUE(found.equal(expected));
  EXPECT_EQ(calls, 3);
}

TEST(InputGradientTest, ParametersThatAreTrainedStillGetTheirs) {
  const auto backbone = make_backbone(find_backbone("resnet18"), {.classes = 3});
  fill_fixture(*backbone);
  for (const NamedTensor& parameter : backbone->parameters()) parameter.tensor.requires_grad_(true);

  backbone->classify(backbone->features(fixture_input(2, 64).requires_grad_(true), {}), {}).sum().backward();

  for (const NamedTensor& parameter : backbone->parameters()) {
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
  }
}

}  // namespace
}  // namespace camsweep

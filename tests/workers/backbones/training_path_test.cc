#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

// One training step of the fixture in float64: batch 2 at 64 px, labels 3 and 7, mean cross-entropy, no stochastic
// depth. Numbers of the reference implementations (spec backbones, 16.5).
struct TrainingReference {
  std::string backbone;
  double loss;
  double gradient_l2;
  std::map<std::string, double> gradients;
  std::map<std::string, double> buffers;
  bool slow = false;
};

void PrintTo(const TrainingReference& reference, std::ostream* out) { *out << reference.backbone; }

const TrainingReference kReferences[] = {
    {"resnet18",
     7.0606305e+00,
     8.1285643e+01,
     {{"conv1.weight", 2.533375e+01}, {"fc.weight", 1.056599e+01}},
     {{"bn1.running_var", 7.7619155e+00}}},
    {"convnext_tiny",
     7.7652276e+00,
     3.3105259e+01,
     {{"downsample_layers.0.0.weight", 2.996223e+00},
      {"stages.2.4.dwconv.weight", 5.347930e-01},
      {"head.weight", 1.386852e+01}},
     {}},
    {"replknet_31b",
     7.1483429e+00,
     9.5323311e+02,
     {{"stem.0.conv.weight", 2.602294e+02},
      {"stages.0.blocks.0.large_kernel.lkb_origin.conv.weight", 4.042610e+02},
      {"stages.2.blocks.8.large_kernel.small_conv.conv.weight", 2.675149e+00},
      {"head.weight", 6.326172e+00}},
     {{"stem.0.bn.running_var", 1.1516052e+01}},
     true},
};

void make_double(Backbone& backbone) {
  for (const NamedTensor& entry : backbone.state()) {
    if (!entry.tensor.is_floating_point()) continue;
    at::Tensor tensor = entry.tensor;
    tensor.set_data(tensor.to(at::kDouble));
  }
}

double l2(const at::Tensor& values) { return values.norm().item<double>(); }

class TrainingPathTest : public testing::TestWithParam<TrainingReference> {};

TEST_P(TrainingPathTest, OneStepGivesTheLossGradientsAndStatisticsOfTheReferenceImplementation) {
  const TrainingReference& reference = GetParam();
  if (reference.slow && !std::getenv("CAMSWEEP_ALL")) GTEST_SKIP() << "a large network: set CAMSWEEP_ALL=1 to run it";
  const auto backbone = make_backbone(find_backbone(reference.backbone), {.head = HeadKind::kImagenet});
  fill_fixture(*backbone);
  make_double(*backbone);
  for (const NamedTensor& entry : backbone->parameters()) entry.tensor.requires_grad_();
  const at::Tensor images = fixture_input(2, 64).to(at::kDouble);
  const at::Tensor labels = at::tensor({3, 7}, at::kLong);
  const ForwardContext training = {.training = true};

  const at::Tensor logits = backbone->classify(backbone->features(images, training), training);
  const at::Tensor loss = at::cross_entropy_loss(logits, labels);
  loss.backward();

  // The references are printed with 7 to 8 digits; float64 adds nothing to that error.
  constexpr double kDigits = 1e-6;
  EXPECT_NEAR(loss.item<double>(), reference.loss, kDigits * reference.loss);
  double squares = 0;
  for (const NamedTensor& entry : backbone->parameters()) {
    const double norm = l2(entry.tensor.grad());
    squares += norm * norm;
    const auto expected = reference.gradients.find(entry.name);
    if (expected != reference.gradients.end()) {
      EXPECT_NEAR(norm, expected->second, kDigits * expected->second);
    }
  }
  EXPECT_NEAR(std::sqrt(squares), reference.gradient_l2, kDigits * reference.gradient_l2);
  for (const NamedTensor& entry : backbone->buffers()) {
    const auto expected = reference.buffers.find(entry.name);
    if (expected != reference.buffers.end()) {
      EXPECT_NEAR(l2(entry.tensor), expected->second, kDigits * expected->second);
    }
    if (entry.name.ends_with("num_batches_tracked")) {
      EXPECT_EQ(entry.tensor.item<int64_t>(), 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backbones, TrainingPathTest, testing::ValuesIn(kReferences),
                         [](const auto& test) { return test.param.backbone; });

}  // namespace
}  // namespace camsweep

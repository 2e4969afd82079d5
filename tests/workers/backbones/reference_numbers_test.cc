#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

// Numbers that the reference implementations (torchvision, the official ConvNeXt and RepLKNet) gave for the fixture of
// spec backbones, 16.2; float32, PyTorch on a CPU.
struct Reference {
  std::string backbone;
  int64_t side;
  int64_t channels;
  int64_t map_side;
  double map_mean;
  double map_l2;
  double logits_mean;
  double logits_l2;
  std::vector<double> first_logits;
  bool slow = false;
};

void PrintTo(const Reference& reference, std::ostream* out) { *out << reference.backbone; }

const std::vector<Reference>& references() {
  static const std::vector<Reference> list = {
      {"resnet18",
       224,
       512,
       7,
       1.4358153e-01,
       3.4887686e+01,
       3.2346500e-04,
       6.8729533e+00,
       {-1.437340e-01, -1.336870e-01, -1.934368e-01, -2.467729e-01}},
      {"resnet50",
       224,
       2048,
       7,
       1.2803118e-01,
       6.0495231e+01,
       -9.3433392e-03,
       6.0508180e+00,
       {-6.935024e-02, -1.389043e-01, 1.845361e-01, -2.615904e-01}},
      {"resnet101",
       224,
       2048,
       7,
       2.0402726e-01,
       9.9653488e+01,
       -1.6749686e-02,
       9.9238636e+00,
       {-6.912666e-02, -2.859772e-01, 1.113801e-01, -4.262320e-01},
       true},
      {"convnext_tiny",
       224,
       768,
       7,
       -8.0223481e-04,
       1.4452495e+02,
       -1.5869504e-02,
       2.1607510e+01,
       {-3.561351e-01, 1.205685e+00, 4.136310e-01, 5.965399e-01}},
      {"convnext_base",
       224,
       1024,
       7,
       -2.0866363e-03,
       1.6732862e+02,
       2.7707805e-02,
       2.2640474e+01,
       {1.135439e-01, 2.986502e-01, 2.670878e-01, 4.238093e-01},
       true},
      {"convnext_large",
       224,
       1536,
       7,
       -1.5640281e-03,
       2.0399817e+02,
       1.9866656e-02,
       2.2121299e+01,
       {2.806621e-01, -3.562497e-02, -2.070126e-02, 7.791840e-01},
       true},
      {"replknet_31b",
       224,
       1024,
       7,
       7.3449706e-02,
       5.8211704e+01,
       -1.7840615e-02,
       6.6378882e+00,
       {1.119857e-02, -1.218442e-01, -1.049052e-01, 4.039361e-01}},
      {"replknet_xl",
       224,
       2048,
       7,
       6.8019889e-02,
       7.9046639e+01,
       -1.7048957e-02,
       6.3684119e+00,
       {1.044403e-01, 2.619791e-01, 2.643832e-01, -3.289904e-01},
       true},
  };
  return list;
}

// Another sum order moves an L2 by under 1e-6 and a logit by under 4e-7 of the largest; means cancel, so they are held
// to the root mean square. The tolerances are those of spec backbones, 16.6.
void expect_mean_and_l2(const at::Tensor& values, double mean, double l2) {
  const at::Tensor exact = values.to(at::kDouble);
  const double norm = exact.norm().item<double>();
  const double root_mean_square = norm / std::sqrt(static_cast<double>(exact.numel()));
  EXPECT_NEAR(exact.mean().item<double>(), mean, 1e-6 * root_mean_square);
  EXPECT_NEAR(norm, l2, 1e-5 * l2);
}

bool slow_tests_wanted() { return std::getenv("CAMSWEEP_ALL") != nullptr; }

class ReferenceNumbersTest : public testing::TestWithParam<Reference> {};

TEST_P(ReferenceNumbersTest, FixtureGivesTheMapAndLogitsOfTheReferenceImplementation) {
  const Reference& reference = GetParam();
  if (reference.slow && !slow_tests_wanted()) GTEST_SKIP() << "a large network: set CAMSWEEP_ALL=1 to run it";
  const at::NoGradGuard no_grad;
  const std::unique_ptr<Backbone> backbone =
      make_backbone(find_backbone(reference.backbone), {.head = HeadKind::kImagenet});
  backbone->to(at::kCPU, /*channels_last=*/reference.backbone.starts_with("replknet"));
  fill_fixture(*backbone);

  const at::Tensor map = backbone->features(fixture_input(1, reference.side), {});
  const at::Tensor logits = backbone->classify(map, {})[0];

  ASSERT_EQ(map.sizes(), at::IntArrayRef({1, reference.channels, reference.map_side, reference.map_side}));
  expect_mean_and_l2(map, reference.map_mean, reference.map_l2);
  expect_mean_and_l2(logits, reference.logits_mean, reference.logits_l2);
  const double largest = logits.abs().max().item<double>();
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(logits[i].item<double>(), reference.first_logits[static_cast<size_t>(i)], 2e-5 * largest);
  }
}

INSTANTIATE_TEST_SUITE_P(Backbones, ReferenceNumbersTest, testing::ValuesIn(references()),
                         [](const auto& test) { return test.param.backbone; });

// spec backbones, 16.4: the paper's network, 200 classes at 384 px, channel-mean CAM of class 7.
TEST(PaperReferenceNumbersTest, FixtureGivesThePaperMapOfCamBackAgain) {
  if (!slow_tests_wanted()) GTEST_SKIP() << "RepLKNet-31B at 384 px: set CAMSWEEP_ALL=1 to run it";
  const at::NoGradGuard no_grad;
  const std::unique_ptr<Backbone> backbone = make_backbone(find_backbone("replknet_31b"), {.classes = 200});
  backbone->to(at::kCPU, /*channels_last=*/true);
  fill_fixture(*backbone);

  const at::Tensor map = backbone->features(fixture_input(1, 384), {});
  const at::Tensor logits = backbone->classify(map, {})[0];
  const at::Tensor cam = (map[0] * backbone->classifier_weight()[7].view({-1, 1, 1})).mean(0);

  ASSERT_EQ(cam.sizes(), at::IntArrayRef({12, 12}));
  expect_mean_and_l2(cam, -1.5788599e-04, 2.1297188e-03);
  expect_mean_and_l2(logits, -1.7675186e-02, 3.1992424e+00);
}

}  // namespace
}  // namespace camsweep
